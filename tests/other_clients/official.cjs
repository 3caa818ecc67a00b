// Prints what KuCoin's own SDK makes of the simulator at argv[2], one line of JSON per topic and call.
const sdk = require('kucoin-universal-sdk');

const [url] = process.argv.slice(2);
const { API_KEY, API_SECRET, API_PASSPHRASE } = process.env;
const option = new sdk.ClientOptionBuilder()
    .setKey(API_KEY).setSecret(API_SECRET).setPassphrase(API_PASSPHRASE)
    .setSpotEndpoint(url).setFuturesEndpoint(url + '/futures').setBrokerEndpoint(url)
    .setTransportOption(new sdk.TransportOptionBuilder().setMaxRetries(0).build())
    .setWebSocketClientOption(new sdk.WebSocketClientOptionBuilder().build())
    .build();
const client = new sdk.DefaultClient(option);
const streams = client.wsService();
const spot = client.restService().getSpotService().getOrderApi();
const futures = client.restService().getFuturesService().getOrderApi();
const say = (call, value) => console.log(JSON.stringify({ call, value }));

const SPOT = {
    ticker: (s, seen) => s.ticker(['BTC-USDT'], seen),
    trade: (s, seen) => s.trade(['BTC-USDT', 'ETH-USDT'], seen),
    klines: (s, seen) => s.klines('BTC-USDT', '1min', seen),
    orderbookLevel1: (s, seen) => s.orderbookLevel1(['BTC-USDT'], seen),
    orderbookLevel5: (s, seen) => s.orderbookLevel5(['BTC-USDT'], seen),
    orderbookIncrement: (s, seen) => s.orderbookIncrement(['BTC-USDT'], seen),
    symbolSnapshot: (s, seen) => s.symbolSnapshot('BTC-USDT', seen),
};
const FUTURES = {
    tickerV2: (s, seen) => s.tickerV2('XBTUSDTM', seen),
    execution: (s, seen) => s.execution('XBTUSDTM', seen),
    instrument: (s, seen) => s.instrument('XBTUSDTM', seen),
    orderbookIncrement: (s, seen) => s.orderbookIncrement('XBTUSDTM', seen),
    orderbookLevel50: (s, seen) => s.orderbookLevel50('XBTUSDTM', seen),
    symbolSnapshot: (s, seen) => s.symbolSnapshot('XBTUSDTM', seen),
};
const placeSpot = (clientOid) => spot.addOrder(sdk.Spot.Order.AddOrderReq.create({
    clientOid, side: 'buy', symbol: 'BTC-USDT', type: 'limit', price: '50000', size: '0.001',
}));
const placeFutures = (clientOid) => futures.addOrder(sdk.Futures.Order.AddOrderReq.create({
    clientOid, side: 'buy', symbol: 'XBTUSDTM', type: 'limit', price: '50000', size: 1, leverage: 3, marginMode: 'ISOLATED',
}));

async function first(stream, name, subscribe, act) {
    await stream.start();
    let seen;
    const pushed = new Promise((resolve) => { seen = resolve; });
    await subscribe(stream, (topic, subject, data) => seen({ topic, subject, data: JSON.parse(data.toJson()) }));
    if (act) await act();
    say(name, await pushed);
    await stream.stop();
}

(async () => {
    for (const [name, subscribe] of Object.entries(SPOT)) {
        await first(streams.newSpotPublicWS(), `spot.${name}`, subscribe);
    }
    for (const [name, subscribe] of Object.entries(FUTURES)) {
        await first(streams.newFuturesPublicWS(), `futures.${name}`, subscribe);
    }
    await first(streams.newSpotPrivateWS(), 'spot.orderV2', (s, seen) => s.orderV2(seen), () => placeSpot('other-1'));
    await first(streams.newSpotPrivateWS(), 'spot.account', (s, seen) => s.account(seen), () => placeSpot('other-2'));
    await first(streams.newFuturesPrivateWS(), 'futures.allOrder', (s, seen) => s.allOrder(seen), () => placeFutures('other-3'));
    await first(streams.newFuturesPrivateWS(), 'futures.balance', (s, seen) => s.balance(seen), () => placeFutures('other-4'));
    process.exit(0);
})();
