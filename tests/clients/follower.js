// SPDX-License-Identifier: BSD-3-Clause
// An application that follows a topic by node-redis and never stops by itself; followers.py says what it
// prints. Usage: node follower.js PORT TOPIC repeats|again PARTITION@OFFSET...
'use strict';
const fs = require('fs');
const { createClient } = require('redis');

const [port, topic, mode, ...places] = process.argv.slice(2);
const next = new Map(places.map((place) => place.split('@')));
for (const [partition, offset] of next)
    next.set(partition, Number(offset));

const say = (...words) => fs.writeSync(1, words.join(' ') + '\n');

const patterns = () => next.size === 0 ? [`log:${topic}@earliest`]
    : [...next].map(([partition, offset]) => `log:${topic}/${partition}@${offset}`);

function take(text, channel) {
    const [, partition, offset] = /\/(\d+)@(\d+)(?: |$)/.exec(channel) ?? [];
    if (offset === undefined) {
        say('odd', channel, text);
    } else if (Number(offset) < (next.get(partition) ?? 0)) {
        say('repeat', partition, offset);
    } else {
        say('record', partition, offset, text);
        next.set(partition, Number(offset) + 1);
    }
}

async function main() {
    const client = createClient({ socket: { host: '127.0.0.1', port: Number(port) } });
    client.on('error', () => say('sees', 'error'));
    client.on('reconnecting', () => say('sees', 'reconnecting'));
    await client.connect();
    let asked = patterns();
    await client.pSubscribe(asked, take);
    say('subscribed');
    client.on('ready', async () => {
        say('sees', 'ready');
        if (mode !== 'again')
            return;
        await client.pUnsubscribe(asked);
        asked = patterns();
        await client.pSubscribe(asked, take);
        say('subscribed');
    });
}

main();
