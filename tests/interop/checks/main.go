// SPDX-License-Identifier: BSD-3-Clause

// What programs do with Echolog, by go-redis; run_tests.py says how it is called and what it prints.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	workers = 16
	patient = 30 * time.Second
)

type checks struct {
	over     string
	protocol int
	name     string
	client   *redis.Client
}

var ctx = context.Background()

func authority() *x509.CertPool {
	text, err := os.ReadFile(os.Args[3])
	if err != nil {
		panic(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return pool
}

func (c *checks) connect(change func(*redis.Options)) *redis.Client {
	options := &redis.Options{
		Addr: "localhost:" + os.Args[1], Protocol: c.protocol, Username: "worker",
		Password: "secret", PoolSize: workers, ReadTimeout: patient, PoolTimeout: patient,
	}
	if c.over == "tls" {
		options.Addr = "localhost:" + os.Args[2]
		options.TLSConfig = &tls.Config{RootCAs: authority(), ServerName: "localhost"}
	}
	if change != nil {
		change(options)
	}
	return redis.NewClient(options)
}

func (c *checks) say(words ...any) (any, error) {
	return c.client.Do(ctx, words...).Result()
}

func wrong(what string, got any) error {
	return fmt.Errorf("%s: %v", what, got)
}

func (c *checks) hello() error {
	list, err := c.client.ClientList(ctx).Result()
	if err == nil && !strings.Contains(list, fmt.Sprintf("resp=%d", c.protocol)) {
		err = wrong("the protocol", list)
	}
	return err
}

func (c *checks) user() error {
	who, err := c.say("ACL", "WHOAMI")
	if err != nil || who != "worker" {
		return wrong("ACL WHOAMI", errors.Join(err, wrong("is", who)))
	}
	if _, err = c.say("PRODUCE", "forbidden", "x"); err == nil || !strings.HasPrefix(err.Error(), "NOPERM") {
		return wrong("a topic that is not the user's", err)
	}
	stranger := c.connect(func(o *redis.Options) { o.Password = "wrong" })
	defer stranger.Close()
	if err = stranger.Ping(ctx).Err(); err == nil || !strings.HasPrefix(err.Error(), "WRONGPASS") {
		return wrong("a wrong password", err)
	}
	return nil
}

func (c *checks) pool() error {
	var all sync.WaitGroup
	failed := make(chan error, workers)
	for i := 0; i < workers; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for k := 0; k < 25; k++ {
				if _, err := c.say("PRODUCE", c.name+"-pool", "x"); err != nil {
					failed <- err
					return
				}
			}
		}()
	}
	all.Wait()
	close(failed)
	if err := <-failed; err != nil {
		return err
	}
	records, err := c.say("FETCH", c.name+"-pool", 0, 0)
	if err == nil && len(records.([]any)) != 25*workers {
		err = wrong("records", len(records.([]any)))
	}
	return err
}

func (c *checks) pipeline() error {
	pipe := c.client.Pipeline()
	for i := 0; i < 1000; i++ {
		pipe.Do(ctx, "PRODUCE", c.name+"-pipeline", i)
	}
	replies, err := pipe.Exec(ctx)
	if err != nil {
		return err
	}
	for i, reply := range replies {
		if got := reply.(*redis.Cmd).Val().([]any)[1]; got != int64(i) {
			return wrong("an offset", got)
		}
	}
	return nil
}

func (c *checks) multi() error {
	pipe := c.client.TxPipeline()
	produced := pipe.Do(ctx, "PRODUCE", c.name+"-multi", "a")
	heard := pipe.Publish(ctx, c.name, "b")
	fetched := pipe.Do(ctx, "FETCH", c.name+"-multi", 0, 0)
	if _, err := pipe.Exec(ctx); err != nil {
		return err
	}
	if !reflect.DeepEqual(produced.Val(), []any{int64(0), int64(0)}) || heard.Val() != 0 ||
		len(fetched.Val().([]any)) != 1 {
		return wrong("EXEC", []any{produced.Val(), heard.Val(), fetched.Val()})
	}
	return nil
}

func (c *checks) pubsub() error {
	channel := c.client.Subscribe(ctx, c.name)
	pattern := c.client.PSubscribe(ctx, c.name+"*")
	defer channel.Close()
	defer pattern.Close()
	for _, one := range []*redis.PubSub{channel, pattern} {
		if _, err := one.Receive(ctx); err != nil {
			return err
		}
	}
	c.client.Publish(ctx, c.name, "hello")
	for _, one := range []*redis.PubSub{channel, pattern} {
		got, err := one.ReceiveMessage(ctx)
		if err != nil || got.Payload != "hello" {
			return wrong("a message", errors.Join(err, wrong("is", got)))
		}
	}
	return nil
}

func (c *checks) kill(name string) error {
	list, err := c.client.ClientList(ctx).Result()
	if err != nil {
		return err
	}
	for _, line := range strings.Split(list, "\n") {
		if strings.Contains(line, " name="+name+" ") && strings.Contains(line, " sub=1 ") {
			id := strings.TrimPrefix(strings.Fields(line)[0], "id=")
			return c.client.ClientKillByFilter(ctx, "ID", id).Err()
		}
	}
	return wrong("no such client", list)
}

func (c *checks) reconnect() error {
	own := c.connect(func(o *redis.Options) { o.ClientName = c.name + "-killed" })
	defer own.Close()
	listener := own.Subscribe(ctx, c.name)
	defer listener.Close()
	if _, err := listener.Receive(ctx); err != nil {
		return err
	}
	messages := listener.Channel()
	if err := c.kill(c.name + "-killed"); err != nil {
		return err
	}
	for until := time.Now().Add(patient); time.Now().Before(until); {
		c.client.Publish(ctx, c.name, "still there")
		select {
		case <-messages:
			return nil
		case <-time.After(50 * time.Millisecond):
		}
	}
	return errors.New("no message came")
}

// A map in RESP3, flat in RESP2.
func (c *checks) headers(words ...any) any {
	if c.protocol == 3 {
		return map[any]any{words[0]: words[1]}
	}
	return words
}

func (c *checks) log() error {
	topic, group := c.name+"-log", c.name+"-group"
	for _, value := range []string{"a", "b", "c"} {
		if _, err := c.say("PRODUCE", topic, value, "KEY", "k", "HEADER", "h", value); err != nil {
			return err
		}
	}
	records, err := c.say("FETCH", topic, 0, "EARLIEST")
	if err != nil {
		return err
	}
	if len(records.([]any)) != 3 {
		return wrong("FETCH", records)
	}
	last := records.([]any)[2].([]any)
	if last[3] != "c" || !reflect.DeepEqual(last[4], c.headers("h", "c")) {
		return wrong("a record", last)
	}
	consumed, err := c.say("CONSUME", group, "m", "BLOCK", 10000, "TOPICS", topic)
	if err != nil {
		return err
	}
	if len(consumed.([]any)[0].([]any)[2].([]any)) != 3 {
		return wrong("CONSUME", consumed)
	}
	if _, err = c.say("COMMIT", group, "m", topic, 0, 3); err != nil {
		return err
	}
	_, err = c.say("GROUP", "LEAVE", group, "m")
	return err
}

func (c *checks) follow() error {
	topic := c.name + "-follow"
	c.say("PRODUCE", topic, "a")
	c.say("PRODUCE", topic, "b")
	listener := c.client.PSubscribe(ctx, "log:"+topic+"@earliest")
	defer listener.Close()
	for i, wanted := range []string{"a", "b", "c"} {
		if i == 2 {
			c.say("PRODUCE", topic, "c")
		}
		got, err := listener.ReceiveMessage(ctx)
		if err != nil || got.Payload != wanted {
			return wrong("a record", errors.Join(err, wrong("is", got)))
		}
	}
	return nil
}

func run(over string, protocol int, what string) {
	c := &checks{over: over, protocol: protocol, name: fmt.Sprintf("go-%s-%d", over, protocol)}
	c.client = c.connect(nil)
	defer c.client.Close()
	said := fmt.Sprintf("%s resp%d %s", over, protocol, what)
	all := map[string]func() error{"hello": c.hello, "user": c.user, "pool": c.pool,
		"pipeline": c.pipeline, "multi": c.multi, "pubsub": c.pubsub, "reconnect": c.reconnect,
		"log": c.log, "follow": c.follow}
	if err := all[what](); err != nil {
		fmt.Println("not ok", said, err)
	} else {
		fmt.Println("ok", said)
	}
}

func main() {
	for _, over := range []string{"plain", "tls"} {
		if over == "tls" && os.Args[2] == "0" {
			continue
		}
		for _, protocol := range []int{2, 3} {
			for _, what := range []string{"hello", "user", "pool", "pipeline", "multi", "pubsub",
				"reconnect", "log", "follow"} {
				run(over, protocol, what)
			}
		}
	}
}
