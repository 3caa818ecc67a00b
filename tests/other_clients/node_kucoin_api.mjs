// Prints what kucoin-api by Tiago Siebler makes of the simulator at argv[2], one line of JSON per topic and call.
// The package is looked for where KUCOIN_API_NODE points: a folder with its package.json and what it built.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [url] = process.argv.slice(2);
const folder = process.env.KUCOIN_API_NODE;
const entry = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')).exports['.'].import;
const {
    FuturesClient, SpotClient, WebsocketAPIClient, WebsocketClient, WS_KEY_MAP,
} = await import(pathToFileURL(path.join(folder, entry)));

const keys = {
    apiKey: process.env.API_KEY, apiSecret: process.env.API_SECRET, apiPassphrase: process.env.API_PASSPHRASE,
};
const quiet = { trace() {}, info() {}, error(...parts) { console.error(...parts); } };
// Pings come often, so that several of each form are sent and answered; a missed pong would end the connection.
const often = { pingInterval: 500, pongTimeout: 2000 };
const ws = url.replace('http', 'ws');
const say = (call, value) => console.log(JSON.stringify({ call, value }));
const data = async (call, answer) => { const { data: value } = await answer; say(call, value); return value; };

// One client for all classic streams: it asks one host for the tokens of both products.
const streams = new WebsocketClient({ ...keys, ...often, restOptions: { baseUrl: url + '/both' } }, quiet);
const spot = new SpotClient({ ...keys, baseUrl: url });
const futures = new FuturesClient({ ...keys, baseUrl: url + '/futures' });
// The address of the order entry is given as it is, unsigned: the path names the key.
const api = new WebsocketAPIClient({
    ...keys, ...often, wsUrl: `${ws}/v1/private/${keys.apiKey}`, attachEventListeners: false,
}, quiet);
const lost = [];
for (const client of [streams, api.getWSClient()]) client.on('reconnect', ({ wsKey }) => lost.push(wsKey));

// Resolves with the first push of a topic, once `act` was done; subscriptions wait for their acknowledgement.
async function first(client, wsKey, topic, act) {
    const name = typeof topic === 'string' ? topic : topic.topic;
    const acknowledged = new Promise((resolve) => {
        const heard = (event) => {
            if (event.wsKey === wsKey && (event.type === 'ack' || event.result === true)) {
                client.off('response', heard);
                resolve();
            }
        };
        client.on('response', heard);
    });
    const pushed = new Promise((resolve) => {
        const heard = (event) => {
            if (event.wsKey === wsKey && (event.topic ?? event.T).startsWith(name)) {
                client.off('update', heard);
                resolve(event);
            }
        };
        client.on('update', heard);
    });
    client.subscribe(topic, wsKey);
    await acknowledged;
    if (act) await act();
    say(`${wsKey} ${name}`, await pushed);
}
async function refused(call, answer) {
    try { say(call, await answer); } catch (error) { say(call, { code: error.code, msg: error.msg ?? error.body }); }
}

// REST.
await data('rest spot time', spot.getServerTime());
await data('rest spot ticker', spot.getTicker({ symbol: 'BTC-USDT' }));
say('rest spot symbols', (await spot.getSymbols()).data.map((row) => row.symbol));
await data('rest spot balances', spot.getBalances({ type: 'trade', currency: 'USDT' }));
const rested = await data('rest spot place', spot.submitHFOrder({
    clientOid: 'node-rest', symbol: 'BTC-USDT', side: 'buy', type: 'limit', price: '50000', size: '0.001',
}));
await data('rest spot look up', spot.getHFOrderDetailsByOrderId({ orderId: rested.orderId, symbol: 'BTC-USDT' }));
await data('rest spot cancel', spot.cancelHFOrder({ orderId: rested.orderId, symbol: 'BTC-USDT' }));
await data('rest futures ticker', futures.getTicker({ symbol: 'XBTUSDTM' }));
await data('rest futures balance', futures.getBalance({ currency: 'USDT' }));
const contract = await data('rest futures place', futures.submitOrder({
    clientOid: 'node-rest-f', symbol: 'XBTUSDTM', side: 'buy', type: 'limit', price: '50000', size: 1, leverage: 3, marginMode: 'ISOLATED',
}));
await data('rest futures look up', futures.getOrderByClientOrderId({ clientOid: 'node-rest-f' }));
await data('rest futures cancel', futures.cancelOrderById({ orderId: contract.orderId }));
await refused('rest refused', spot.submitHFOrder({
    clientOid: 'node-bad', symbol: 'BTC-USDT', side: 'buy', type: 'limit', price: '50000.123456', size: '0.001',
}));

// Classic streams, public.
for (const topic of ['/market/ticker:BTC-USDT', '/market/level2:BTC-USDT', '/market/match:BTC-USDT', '/market/snapshot:BTC-USDT']) {
    await first(streams, WS_KEY_MAP.spotPublicV1, topic);
}
for (const topic of ['/contractMarket/tickerV2:XBTUSDTM', '/contractMarket/level2:XBTUSDTM', '/contract/instrument:XBTUSDTM']) {
    await first(streams, WS_KEY_MAP.futuresPublicV1, topic);
}
streams.unsubscribe('/market/level2:BTC-USDT', WS_KEY_MAP.spotPublicV1);

// Order entry, and the private streams that tell of it.
await api.connectWSAPI(WS_KEY_MAP.wsApiSpotV1);
let placed;
const order = { symbol: 'BTC-USDT', side: 'buy', type: 'limit', price: '50000', size: '0.001' };
await first(streams, WS_KEY_MAP.spotPrivateV1, '/spotMarket/tradeOrdersV2', async () => {
    placed = await data('spot.order', api.submitNewSpotOrder({ ...order, clientOid: 'node-1' }));
});
const modified = await data('spot.modify', api.modifySpotOrder({ symbol: 'BTC-USDT', orderId: placed.orderId, newPrice: '50001' }));
await first(streams, WS_KEY_MAP.spotPrivateV1, '/account/balance', async () => {
    await data('spot.cancel', api.cancelSpotOrder({ symbol: 'BTC-USDT', orderId: modified.newOrderId }));
});
await data('spot.sync_order', api.submitSyncSpotOrder({ ...order, clientOid: 'node-2' }));
await data('spot.sync_cancel', api.cancelSyncSpotOrder({ symbol: 'BTC-USDT', clientOid: 'node-2' }));
await data('margin.order', api.submitMarginOrder({ ...order, clientOid: 'node-3', autoBorrow: true, isIsolated: false }));
await data('margin.cancel', api.cancelMarginOrder({ symbol: 'BTC-USDT', clientOid: 'node-3' }));
await data('spot.order market', api.submitNewSpotOrder({ symbol: 'BTC-USDT', side: 'buy', type: 'market', size: '0.001', clientOid: 'node-4' }));

const future = { symbol: 'XBTUSDTM', side: 'buy', type: 'limit', price: '50000', size: 1, leverage: 3, marginMode: 'ISOLATED' };
await first(streams, WS_KEY_MAP.futuresPrivateV1, '/contractMarket/tradeOrders', async () => {
    placed = await data('futures.order', api.submitFuturesOrder({ ...future, clientOid: 'node-5' }));
});
await first(streams, WS_KEY_MAP.futuresPrivateV1, '/contractAccount/wallet', async () => {
    await data('futures.cancel', api.cancelFuturesOrder({ orderId: placed.orderId }));
});
const batch = await data('futures.multi_order', api.submitMultipleFuturesOrders([
    { ...future, clientOid: 'node-6' }, { ...future, clientOid: 'node-7', price: '50001' },
]));
await data('futures.multi_cancel', api.cancelMultipleFuturesOrders({ orderIdsList: batch.map((row) => row.orderId) }));
await refused('spot.order refused', api.submitNewSpotOrder({ ...order, clientOid: 'node-8', symbol: 'NO-SUCH' }));

// The connection is lost; the client opens the same address again and logs in anew.
say('lost before', lost);
const back = new Promise((resolve) => { api.getWSClient().on('authenticated', resolve); });
api.getWSClient().getWsStore().getWs(WS_KEY_MAP.wsApiSpotV1).terminate();
await back;
await data('spot.order again', api.submitNewSpotOrder({ ...order, clientOid: 'node-10' }));
say('lost after', lost);

// Pro streams, each with a client of its own, for each has an address of its own.
const pro = (address) => new WebsocketClient({ ...keys, wsUrl: address }, quiet);
const ticker = (tradeType, symbol) => ({ topic: 'ticker', payload: { tradeType, symbol } });
const clients = [pro(`${ws}/pro/spot`), pro(`${ws}/pro/futures`)];
await first(clients[0], WS_KEY_MAP.spotPublicProV2, ticker('SPOT', 'BTC-USDT'));
await first(clients[1], WS_KEY_MAP.futuresPublicProV2, ticker('FUTURES', 'XBTUSDTM'));
const { token } = (await spot.getPrivateWSConnectionTokenV2()).data;
clients.push(pro(`${ws}/pro/private?token=${encodeURIComponent(token)}`));
await first(clients[2], WS_KEY_MAP.privateProV2, { topic: 'orderAll', payload: { tradeType: 'SPOT' } }, async () => {
    await api.submitNewSpotOrder({ ...order, clientOid: 'node-9' });
});
await api.cancelSpotOrder({ symbol: 'BTC-USDT', clientOid: 'node-9' });

for (const client of [streams, api.getWSClient(), ...clients]) client.closeAll(true);
process.exit(0);
