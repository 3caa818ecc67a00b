// Prints what ccxt makes of the simulator at argv[2], one line of JSON per call. argv[3]: "kucoin" or "kucoinfutures".
import ccxt from 'ccxt';

const [url, kind] = process.argv.slice(2);
const { API_KEY: apiKey, API_SECRET: secret, API_PASSPHRASE: password } = process.env;
const exchange = new ccxt.pro[kind]({
    apiKey, secret, password, enableRateLimit: false, timeout: 10000, options: { uta: false },
});
for (const name of Object.keys(exchange.urls.api)) {
    if (typeof exchange.urls.api[name] === 'string') {
        exchange.urls.api[name] = name.startsWith('futures') ? url + '/futures' : url;
    }
}
// Lists of networks and of margin pairs, which an order does not need and the simulator does not serve.
exchange.fetchCurrencies = async () => ({});
await exchange.loadMarkets(false, { marginables: false });

const symbol = kind === 'kucoin' ? 'BTC/USDT' : 'BTC/USDT:USDT';
const order = kind === 'kucoin' ? [0.001, 50000] : [1, 50000, { leverage: 5 }];
const say = (call, value) => console.log(JSON.stringify({ call, value }));

say('watchTicker', await exchange.watchTicker(symbol));
say('watchTrades', await exchange.watchTrades(symbol));
say('watchOHLCV', await exchange.watchOHLCV(symbol, '1m'));
const book = await exchange.watchOrderBook(symbol);
say('watchOrderBook', { bids: [...book.bids].slice(0, 3), asks: [...book.asks].slice(0, 3) });
say('fetchBalance', (await exchange.fetchBalance()).USDT);
// The topics are acknowledged before the order is sent, which both of them then report.
const orders = exchange.watchOrders(symbol);
const balance = exchange.watchBalance();
await exchange.watchTicker(symbol);
say('subscribed', null);
const placed = await exchange.createOrder(symbol, 'limit', 'buy', ...order);
say('createOrder', placed);
say('fetchOrder', await exchange.fetchOrder(placed.id, symbol));
say('watchOrders', await orders);
say('watchBalance', (await balance).USDT);
await exchange.cancelOrder(placed.id, symbol);
say('fetchOpenOrders', await exchange.fetchOpenOrders(symbol));
await exchange.close();
process.exit(0);
