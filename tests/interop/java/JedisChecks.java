// SPDX-License-Identifier: BSD-3-Clause

// What programs do with Echolog, by Jedis; run_tests.py says how it is called and what it prints.

import java.io.FileInputStream;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisPooled;
import redis.clients.jedis.JedisPubSub;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.Response;
import redis.clients.jedis.AbstractTransaction;
import redis.clients.jedis.commands.ProtocolCommand;
import redis.clients.jedis.exceptions.JedisAccessControlException;
import redis.clients.jedis.exceptions.JedisConnectionException;

public class JedisChecks {
    static final int WORKERS = 16;
    static final int PATIENT_S = 30;

    final String over;
    final int protocol;
    final String name;
    final HostAndPort place;
    final SSLSocketFactory secured; // null: without TLS
    JedisPooled client;

    JedisChecks(String over, int protocol, String[] args) throws Exception {
        this.over = over;
        this.protocol = protocol;
        this.name = "jv-" + over + "-" + protocol;
        boolean tls = over.equals("tls");
        this.place = new HostAndPort("localhost", Integer.parseInt(args[tls ? 1 : 0]));
        this.secured = tls ? trusting(args[2]) : null;
    }

    static SSLSocketFactory trusting(String file) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (FileInputStream in = new FileInputStream(file)) {
            store.setCertificateEntry("ca",
                CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        TrustManagerFactory trust =
            TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context.getSocketFactory();
    }

    DefaultJedisClientConfig.Builder config() {
        DefaultJedisClientConfig.Builder config = DefaultJedisClientConfig.builder()
            .user("worker").password("secret").timeoutMillis(PATIENT_S * 1000)
            .protocol(protocol == 3 ? RedisProtocol.RESP3 : RedisProtocol.RESP2);
        return secured == null ? config : config.ssl(true).sslSocketFactory(secured);
    }

    /** A command that the library does not know. */
    Object say(Object... words) {
        byte[][] rest = new byte[words.length - 1][];
        for (int i = 1; i < words.length; i++) {
            rest[i - 1] = bytes(words[i]);
        }
        return client.sendCommand(command(words[0]), rest);
    }

    static ProtocolCommand command(Object word) {
        return () -> bytes(word);
    }

    static byte[] bytes(Object word) {
        return String.valueOf(word).getBytes(StandardCharsets.UTF_8);
    }

    static String text(Object reply) {
        return reply instanceof byte[] ? new String((byte[]) reply, StandardCharsets.UTF_8)
                                       : String.valueOf(reply);
    }

    static List<?> list(Object reply) {
        return (List<?>) reply;
    }

    static void expect(boolean condition, Object why) {
        if (!condition) {
            throw new AssertionError(text(why));
        }
    }

    void hello() {
        expect("PONG".equals(client.ping()), "PING");
        expect(text(say("CLIENT", "LIST")).contains("resp=" + protocol), "the protocol");
    }

    void user() {
        expect(text(say("ACL", "WHOAMI")).equals("worker"), "ACL WHOAMI");
        try {
            say("PRODUCE", "forbidden", "x");
            expect(false, "a topic that is not the user's");
        } catch (JedisAccessControlException fine) {
            expect(fine.getMessage().startsWith("NOPERM"), fine.getMessage());
        }
        try (Jedis stranger = new Jedis(place, config().password("wrong").build())) {
            stranger.ping();
            expect(false, "a wrong password");
        } catch (JedisAccessControlException fine) {
            expect(fine.getMessage().startsWith("WRONGPASS"), fine.getMessage());
        }
    }

    void pool() throws Exception {
        String topic = name + "-pool";
        ExecutorService workers = Executors.newFixedThreadPool(WORKERS);
        List<Future<?>> all = new ArrayList<>();
        for (int i = 0; i < WORKERS * 25; i++) {
            all.add(workers.submit(() -> say("PRODUCE", topic, "x")));
        }
        for (Future<?> one : all) {
            one.get();
        }
        workers.shutdown();
        expect(list(say("FETCH", topic, 0, 0)).size() == WORKERS * 25, "records");
    }

    void pipeline() {
        try (Pipeline pipe = (Pipeline) client.pipelined()) {
            List<Response<Object>> replies = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                replies.add(pipe.sendCommand(command("PRODUCE"), bytes(name + "-pipeline"), bytes(i)));
            }
            pipe.sync();
            for (int i = 0; i < 1000; i++) {
                expect(list(replies.get(i).get()).get(1).equals((long) i), "an offset");
            }
        }
    }

    void multi() {
        try (AbstractTransaction all = client.multi()) {
            Response<Object> produced =
                all.sendCommand(command("PRODUCE"), bytes(name + "-multi"), bytes("a"));
            Response<Long> heard = all.publish(name, "b");
            Response<Object> fetched =
                all.sendCommand(command("FETCH"), bytes(name + "-multi"), bytes(0), bytes(0));
            all.exec();
            expect(list(produced.get()).equals(List.of(0L, 0L)), produced.get());
            expect(heard.get() == 0, "PUBLISH");
            expect(list(fetched.get()).size() == 1, "FETCH");
        }
    }

    /** What subscriptions hear: "subscribed", "channel hello", "pattern hello". */
    static class Listener extends JedisPubSub {
        final BlockingQueue<String> heard = new LinkedBlockingQueue<>();

        @Override
        public void onMessage(String channel, String message) {
            heard.add("channel " + message);
        }

        @Override
        public void onPMessage(String pattern, String channel, String message) {
            heard.add("pattern " + message);
        }

        @Override
        public void onSubscribe(String channel, int count) {
            heard.add("subscribed");
        }

        @Override
        public void onPSubscribe(String pattern, int count) {
            heard.add("subscribed");
        }

        String next() throws InterruptedException {
            String word = heard.poll(PATIENT_S, TimeUnit.SECONDS);
            expect(word != null, "nothing came");
            return word;
        }
    }

    interface Subscribing {
        void to(Jedis connection, Listener listener);
    }

    /** Subscribes on a thread of its own, again whenever the connection goes, as the library asks for. */
    Listener listen(String clientName, Subscribing subscribing) throws InterruptedException {
        Listener listener = new Listener();
        Thread thread = new Thread(() -> {
            while (true) {
                try (Jedis connection = new Jedis(place, config().clientName(clientName)
                        .socketTimeoutMillis(0).build())) {
                    subscribing.to(connection, listener);
                    return;
                } catch (JedisConnectionException cut) {
                    continue;
                }
            }
        });
        thread.setDaemon(true);
        thread.start();
        expect(listener.next().equals("subscribed"), "the confirmation");
        return listener;
    }

    void pubsub() throws Exception {
        Listener channel = listen("c", (connection, it) -> connection.subscribe(it, name));
        Listener pattern = listen("p", (connection, it) -> connection.psubscribe(it, name + "*"));
        client.publish(name, "hello");
        expect(channel.next().equals("channel hello"), "the channel");
        expect(pattern.next().equals("pattern hello"), "the pattern");
        channel.unsubscribe();
        pattern.punsubscribe();
    }

    void reconnect() throws Exception {
        String killed = name + "-killed";
        Listener listener = listen(killed, (connection, it) -> connection.subscribe(it, name));
        Matcher id = Pattern.compile("id=(\\d+) .* name=" + killed + " ")
            .matcher(text(say("CLIENT", "LIST")));
        expect(id.find(), "the client");
        expect(say("CLIENT", "KILL", "ID", id.group(1)).equals(1L), "CLIENT KILL");
        expect(listener.next().equals("subscribed"), "the confirmation");
        client.publish(name, "still there");
        expect(listener.next().equals("channel still there"), "the message");
        listener.unsubscribe();
    }

    void log() {
        String topic = name + "-log", group = name + "-group";
        for (String value : List.of("a", "b", "c")) {
            say("PRODUCE", topic, value, "KEY", "k", "HEADER", "h", value);
        }
        List<?> records = list(say("FETCH", topic, 0, "EARLIEST"));
        expect(records.size() == 3, "FETCH");
        List<?> last = list(records.get(2));
        expect(text(last.get(2)).equals("k") && text(last.get(3)).equals("c"), "a record");
        List<?> consumed = list(list(say("CONSUME", group, "m", "BLOCK", 10000, "TOPICS", topic)).get(0));
        expect(text(consumed.get(0)).equals(topic) && list(consumed.get(2)).size() == 3, "CONSUME");
        say("COMMIT", group, "m", topic, 0, 3);
        say("GROUP", "LEAVE", group, "m");
    }

    void follow() throws Exception {
        String topic = name + "-follow";
        say("PRODUCE", topic, "a");
        say("PRODUCE", topic, "b");
        Listener listener =
            listen("f", (connection, it) -> connection.psubscribe(it, "log:" + topic + "@earliest"));
        expect(listener.next().equals("pattern a"), "the first");
        expect(listener.next().equals("pattern b"), "the second");
        say("PRODUCE", topic, "c");
        expect(listener.next().equals("pattern c"), "the third");
        listener.punsubscribe();
    }

    void run(String check) throws Exception {
        ConnectionPoolConfig pool = new ConnectionPoolConfig();
        pool.setMaxTotal(WORKERS);
        try (JedisPooled pooled = new JedisPooled(pool, place, config().build())) {
            client = pooled;
            switch (check) {
                case "hello": hello(); break;
                case "user": user(); break;
                case "pool": pool(); break;
                case "pipeline": pipeline(); break;
                case "multi": multi(); break;
                case "pubsub": pubsub(); break;
                case "reconnect": reconnect(); break;
                case "log": log(); break;
                case "follow": follow(); break;
                default: throw new IllegalArgumentException(check);
            }
        }
    }

    public static void main(String[] args) throws Exception {
        for (String over : args[1].equals("0") ? List.of("plain") : List.of("plain", "tls")) {
            for (int protocol = 2; protocol <= 3; protocol++) {
                for (String check : List.of("hello", "user", "pool", "pipeline", "multi", "pubsub",
                        "reconnect", "log", "follow")) {
                    String said = over + " resp" + protocol + " " + check;
                    try {
                        new JedisChecks(over, protocol, args).run(check);
                        System.out.println("ok " + said);
                    } catch (Throwable problem) {
                        System.out.println("not ok " + said + " " + problem);
                    }
                }
            }
        }
        System.exit(0);
    }
}
