// Runs one job (JSON in argv[2]) with kucoin-api for Node, unmodified, and prints what it took as one line of JSON.
// The package is looked for where KUCOIN_API_NODE points: a folder with its package.json and what it built.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const job = JSON.parse(process.argv[2]);
const folder = process.env.KUCOIN_API_NODE;
const entry = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')).exports['.'].import;
const { WebsocketAPIClient, WebsocketClient, WS_KEY_MAP } = await import(pathToFileURL(path.join(folder, entry)));

const keys = { apiKey: 'simulator-bench', apiSecret: 's', apiPassphrase: 'p' };
const quiet = { trace() {}, info() {}, error(...parts) { console.error(...parts); } };
const nanoseconds = (since) => Number(process.hrtime.bigint() - since);

async function orders() {
    const api = new WebsocketAPIClient({ ...keys, wsUrl: job.private_url, attachEventListeners: false }, quiet);
    await api.connectWSAPI(WS_KEY_MAP.wsApiSpotV1);
    let id = 0;
    const place = () => api.submitNewSpotOrder({ clientOid: String(++id), ...job.order });
    for (let i = 0; i < job.warm_up; i++) await place();
    const took = [];
    const stop = process.hrtime.bigint() + BigInt(job.time_limit * 1e9);
    for (let i = 0; i < job.round_trips && process.hrtime.bigint() < stop; i++) {
        const before = process.hrtime.bigint();
        await place();
        took.push(nanoseconds(before));
    }
    const started = process.hrtime.bigint();
    const waiting = [];
    let oldest = 0;
    for (let i = 0; i < job.pipelined; i++) {
        if (waiting.length - oldest === job.window) await waiting[oldest++];
        waiting.push(place());
    }
    while (oldest < waiting.length) await waiting[oldest++];
    return { took, pipelined_ns: nanoseconds(started) };
}

// Has `take` called with the data of each message.
function read(take) {
    const client = new WebsocketClient({ ...keys, restOptions: { baseUrl: job.rest_url } }, quiet);
    client.on('update', (update) => take(update.data));
    client.subscribe(job.topic, WS_KEY_MAP.spotPublicV1);
}

function stream() {
    return new Promise((resolve) => {
        let received = 0, started;
        read((data) => {
            if (!received++) started = process.hrtime.bigint();
            if (data.sequence === job.last_sequence) resolve({ received, stream_ns: nanoseconds(started) });
        });
    });
}

function latency() {
    const stamps = [], arrivals = [];
    return new Promise((resolve) => {
        let stop;
        read((data) => {
            const now = process.hrtime.bigint();
            stop ??= now + BigInt(Math.round(job.longest * 1e9));
            stamps.push(Number(data.stamp));
            arrivals.push(Number(now));
            if (arrivals.length === job.messages || now > stop) resolve({ stamps, arrivals });
        });
    });
}

const result = await { orders, stream, latency }[job.scenario]();
process.stdout.write(JSON.stringify(result) + '\n', () => process.exit(0));
