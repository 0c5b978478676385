// SPDX-License-Identifier: BSD-3-Clause

// What programs do with Echolog, by Lettuce; run_tests.py says how it is called and what it prints.

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SslOptions;
import io.lettuce.core.TransactionResult;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.output.ArrayOutput;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.ProtocolKeyword;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.support.ConnectionPoolSupport;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
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
import org.apache.commons.pool2.impl.GenericObjectPool;
import org.apache.commons.pool2.impl.GenericObjectPoolConfig;

public class LettuceChecks {
    static final int WORKERS = 16;
    static final int PATIENT_S = 30;

    final int protocol;
    final String name;
    final String[] args;
    final boolean tls;
    final RedisClient client;
    final StatefulRedisConnection<String, String> connection;

    LettuceChecks(String over, int protocol, String[] args) {
        this.protocol = protocol;
        this.name = "lt-" + over + "-" + protocol;
        this.args = args;
        this.tls = over.equals("tls");
        this.client = RedisClient.create();
        ClientOptions.Builder options = ClientOptions.builder().protocolVersion(
            protocol == 3 ? ProtocolVersion.RESP3 : ProtocolVersion.RESP2);
        if (tls) {
            options.sslOptions(SslOptions.builder().jdkSslProvider()
                .trustManager(new File(args[2])).build());
        }
        client.setOptions(options.build());
        this.connection = client.connect(place("secret", "main"));
    }

    RedisURI place(String password, String clientName) {
        return RedisURI.builder().withHost("localhost")
            .withPort(Integer.parseInt(args[tls ? 1 : 0])).withSsl(tls)
            .withAuthentication("worker", password.toCharArray()).withClientName(clientName)
            .withTimeout(Duration.ofSeconds(PATIENT_S)).build();
    }

    static ProtocolKeyword word(String word) {
        return new ProtocolKeyword() {
            @Override
            public byte[] getBytes() {
                return word.getBytes(StandardCharsets.UTF_8);
            }

            @Override
            public String toString() {
                return word;
            }
        };
    }

    static CommandArgs<String, String> rest(Object... words) {
        CommandArgs<String, String> rest = new CommandArgs<>(StringCodec.UTF8);
        for (Object word : words) {
            rest.add(String.valueOf(word));
        }
        return rest;
    }

    /** The library wraps what is no array in one. */
    static Object plain(List<Object> reply) {
        return reply.size() == 1 && !(reply.get(0) instanceof List) ? reply.get(0) : reply;
    }

    /** A command that the library does not know. */
    static Object say(StatefulRedisConnection<String, String> by, String first, Object... words) {
        return plain(by.sync().dispatch(word(first), new ArrayOutput<>(StringCodec.UTF8), rest(words)));
    }

    Object say(String first, Object... words) {
        return say(connection, first, words);
    }

    RedisFuture<List<Object>> begin(String first, Object... words) {
        return connection.async().dispatch(word(first), new ArrayOutput<>(StringCodec.UTF8),
            rest(words));
    }

    static List<?> list(Object reply) {
        return (List<?>) reply;
    }

    static void expect(boolean condition, Object why) {
        if (!condition) {
            throw new AssertionError(String.valueOf(why));
        }
    }

    void hello() {
        expect("PONG".equals(connection.sync().ping()), "PING");
        expect(connection.sync().clientList().contains("resp=" + protocol), "the protocol");
    }

    /** Whether a failure is, somewhere, the server's of that kind. */
    static boolean told(Throwable problem, String code) {
        for (; problem != null; problem = problem.getCause()) {
            if (String.valueOf(problem.getMessage()).startsWith(code)) {
                return true;
            }
        }
        return false;
    }

    void user() {
        expect("worker".equals(connection.sync().aclWhoami()), "ACL WHOAMI");
        try {
            say("PRODUCE", "forbidden", "x");
            expect(false, "a topic that is not the user's");
        } catch (RuntimeException fine) {
            expect(told(fine, "NOPERM"), fine);
        }
        try {
            client.connect(place("wrong", "stranger"));
            expect(false, "a wrong password");
        } catch (RuntimeException fine) {
            expect(told(fine, "WRONGPASS"), fine);
        }
    }

    void pool() throws Exception {
        String topic = name + "-pool";
        GenericObjectPoolConfig<StatefulRedisConnection<String, String>> config =
            new GenericObjectPoolConfig<>();
        config.setMaxTotal(WORKERS);
        ExecutorService workers = Executors.newFixedThreadPool(WORKERS);
        try (GenericObjectPool<StatefulRedisConnection<String, String>> pool =
                ConnectionPoolSupport.createGenericObjectPool(
                    () -> client.connect(place("secret", "pooled")), config)) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < WORKERS * 25; i++) {
                all.add(workers.submit(() -> {
                    try (StatefulRedisConnection<String, String> one = pool.borrowObject()) {
                        return say(one, "PRODUCE", topic, "x");
                    }
                }));
            }
            for (Future<?> one : all) {
                one.get();
            }
        }
        workers.shutdown();
        expect(list(say("FETCH", topic, 0, 0)).size() == WORKERS * 25, "records");
    }

    void pipeline() throws Exception {
        connection.setAutoFlushCommands(false);
        List<RedisFuture<List<Object>>> replies = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            replies.add(begin("PRODUCE", name + "-pipeline", i));
        }
        connection.flushCommands();
        connection.setAutoFlushCommands(true);
        for (int i = 0; i < 1000; i++) {
            Object reply = replies.get(i).get(PATIENT_S, TimeUnit.SECONDS);
            expect(list(reply).get(1).equals((long) i), "an offset");
        }
    }

    void multi() {
        connection.sync().multi();
        begin("PRODUCE", name + "-multi", "a");
        connection.async().publish(name, "b");
        begin("FETCH", name + "-multi", 0, 0);
        TransactionResult all = connection.sync().exec();
        expect(all.get(0).equals(List.of(0L, 0L)), all);
        expect(all.get(1).equals(0L), all);
        expect(list(all.get(2)).size() == 1, all);
    }

    /** What subscriptions hear: "subscribed", "channel hello", "pattern hello". */
    static class Listener extends RedisPubSubAdapter<String, String> {
        final BlockingQueue<String> heard = new LinkedBlockingQueue<>();

        @Override
        public void message(String channel, String message) {
            heard.add("channel " + message);
        }

        @Override
        public void message(String pattern, String channel, String message) {
            heard.add("pattern " + message);
        }

        @Override
        public void subscribed(String channel, long count) {
            heard.add("subscribed");
        }

        @Override
        public void psubscribed(String pattern, long count) {
            heard.add("subscribed");
        }

        String next() throws InterruptedException {
            String word = heard.poll(PATIENT_S, TimeUnit.SECONDS);
            expect(word != null, "nothing came");
            return word;
        }
    }

    StatefulRedisPubSubConnection<String, String> listen(String clientName, Listener listener) {
        StatefulRedisPubSubConnection<String, String> by =
            client.connectPubSub(place("secret", clientName));
        by.addListener(listener);
        return by;
    }

    void pubsub() throws Exception {
        Listener listener = new Listener();
        StatefulRedisPubSubConnection<String, String> by = listen("listener", listener);
        by.sync().subscribe(name);
        expect(listener.next().equals("subscribed"), "the confirmation");
        by.sync().psubscribe(name + "*");
        expect(listener.next().equals("subscribed"), "the confirmation");
        connection.sync().publish(name, "hello");
        expect(listener.next().equals("channel hello"), "the channel");
        expect(listener.next().equals("pattern hello"), "the pattern");
    }

    void reconnect() throws Exception {
        String killed = name + "-killed";
        Listener listener = new Listener();
        listen(killed, listener).sync().subscribe(name);
        expect(listener.next().equals("subscribed"), "the confirmation");
        Matcher id = Pattern.compile("id=(\\d+) .* name=" + killed + " ")
            .matcher(connection.sync().clientList());
        expect(id.find(), "the client");
        expect(say("CLIENT", "KILL", "ID", id.group(1)).equals(1L), "CLIENT KILL");
        expect(listener.next().equals("subscribed"), "the confirmation");
        connection.sync().publish(name, "still there");
        expect(listener.next().equals("channel still there"), "the message");
    }

    void log() {
        String topic = name + "-log", group = name + "-group";
        for (String value : List.of("a", "b", "c")) {
            say("PRODUCE", topic, value, "KEY", "k", "HEADER", "h", value);
        }
        List<?> records = list(say("FETCH", topic, 0, "EARLIEST"));
        expect(records.size() == 3, records);
        expect(list(records.get(2)).get(3).equals("c"), records);
        List<?> consumed = list(list(say("CONSUME", group, "m", "BLOCK", 10000, "TOPICS", topic)).get(0));
        expect(consumed.get(0).equals(topic) && list(consumed.get(2)).size() == 3, consumed);
        say("COMMIT", group, "m", topic, 0, 3);
        say("GROUP", "LEAVE", group, "m");
    }

    void follow() throws Exception {
        String topic = name + "-follow";
        say("PRODUCE", topic, "a");
        say("PRODUCE", topic, "b");
        Listener listener = new Listener();
        listen("follower", listener).sync().psubscribe("log:" + topic + "@earliest");
        expect(listener.next().equals("subscribed"), "the confirmation");
        expect(listener.next().equals("pattern a"), "the first");
        expect(listener.next().equals("pattern b"), "the second");
        say("PRODUCE", topic, "c");
        expect(listener.next().equals("pattern c"), "the third");
    }

    void run(String check) throws Exception {
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
        client.shutdown(0, 1, TimeUnit.SECONDS);
    }

    public static void main(String[] args) {
        for (String over : args[1].equals("0") ? List.of("plain") : List.of("plain", "tls")) {
            for (int protocol = 2; protocol <= 3; protocol++) {
                for (String check : List.of("hello", "user", "pool", "pipeline", "multi", "pubsub",
                        "reconnect", "log", "follow")) {
                    String said = over + " resp" + protocol + " " + check;
                    try {
                        new LettuceChecks(over, protocol, args).run(check);
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
