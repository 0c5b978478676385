// SPDX-License-Identifier: BSD-3-Clause

// An application that follows a topic by go-redis and never stops by itself; tests/clients/followers.py says
// what it prints. Usage: follower PORT TOPIC repeats|again PARTITION@OFFSET...
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

type follower struct {
	topic string
	next  map[string]int
}

func say(words ...any) {
	fmt.Fprintln(os.Stdout, words...)
}

func (f *follower) patterns() []string {
	var patterns []string
	for partition, offset := range f.next {
		patterns = append(patterns, fmt.Sprintf("log:%s/%s@%d", f.topic, partition, offset))
	}
	if patterns == nil {
		patterns = []string{"log:" + f.topic + "@earliest"}
	}
	return patterns
}

func (f *follower) take(message *redis.Message) {
	place, _, _ := strings.Cut(message.Channel, " ")
	place = place[strings.LastIndex(place, "/")+1:]
	partition, word, _ := strings.Cut(place, "@")
	offset, err := strconv.Atoi(word)
	switch {
	case err != nil:
		say("odd", message.Channel, message.Payload)
	case offset < f.next[partition]:
		say("repeat", partition, offset)
	default:
		say("record", partition, offset, message.Payload)
		f.next[partition] = offset + 1
	}
}

// The library comes back by itself, and repeats.
func (f *follower) takeRepeats(broker *redis.Client) {
	lines := broker.PSubscribe(context.Background(), f.patterns()...)
	for message := range lines.Channel() {
		f.take(message)
	}
}

// Until the library says that the connection went.
func (f *follower) takeOnce(broker *redis.Client) {
	lines := broker.PSubscribe(context.Background(), f.patterns()...)
	defer lines.Close()
	for {
		got, err := lines.Receive(context.Background())
		if err != nil {
			say("sees", "error")
			return
		}
		switch got := got.(type) {
		case *redis.Subscription:
			say("subscribed")
		case *redis.Message:
			f.take(got)
		}
	}
}

func main() {
	broker := redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + os.Args[1]})
	f := follower{topic: os.Args[2], next: map[string]int{}}
	for _, place := range os.Args[4:] {
		partition, offset, _ := strings.Cut(place, "@")
		f.next[partition], _ = strconv.Atoi(offset)
	}
	if os.Args[3] == "repeats" {
		f.takeRepeats(broker)
		return
	}
	for {
		f.takeOnce(broker)
	}
}
