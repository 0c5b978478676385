// SPDX-License-Identifier: BSD-3-Clause
// A member of a consumer group, by node-redis. It writes what it was given into a ledger and asks for more,
// which commits it (COMMIT AUTO). Ends by SIGTERM: then it leaves.
// Usage: node group_worker.js PORT GROUP MEMBER TOPIC LEDGER COUNT
'use strict';
const fs = require('fs');
const { createClient } = require('redis');

const [port, group, member, topic, ledger, count] = process.argv.slice(2);
let stopping = false;
process.on('SIGTERM', () => { stopping = true; });

function work(out, reply) {
    let lines = '';
    for (const [, partition, records] of reply) {
        if (records instanceof Error)
            throw records;
        for (const [offset, , , value] of records)
            lines += `${partition} ${offset} ${value} ${member}\n`;
    }
    if (lines !== '')
        fs.writeSync(out, lines);
}

async function main() {
    const out = fs.openSync(ledger, 'a');
    const client = createClient({ socket: { host: '127.0.0.1', port: Number(port) } });
    client.on('error', (error) => { throw error; });
    await client.connect();
    while (!stopping) {
        try {
            work(out, await client.sendCommand(['CONSUME', group, member, 'COUNT', count, 'BLOCK', '200',
                'SESSION', '3000', 'TOPICS', topic]));
        } catch (error) {
            // Its place was taken: what was not committed is given to another.
            if (!/^(FENCED|UNKNOWNMEMBER)/.test(error.message))
                throw error;
        }
    }
    await client.sendCommand(['GROUP', 'LEAVE', group, member]);
    await client.quit();
}

main();
