/**
 * The load on a service, in a process of its own: both routes at once, by autocannon. One request of `load.ts` comes in,
 * one report goes out.
 *
 * The heavy route gets a closed loop: each connection sends its next request when it has its answer. The cheap route
 * gets requests at a steady rate, whatever the answers take: many connections, each with one request a second. They are
 * started in groups, one after the other within a second, because autocannon sends what a connection may send in a
 * second back to back at its beginning. The latency of each answer is autocannon's; its histogram has whole
 * milliseconds only, so the quantiles are not taken from that.
 */
import autocannon from 'autocannon';

const LONG_S = 3600;
const TICK_MS = 1000;
const PROBLEMS_KEPT = 5;

function load({ url, cheapBody, heavyBody, groups, connections, heavyConnections, settleMs, windowMs }) {
  const problems = [];
  const cheap = [];
  let heavy = 0;
  const problem = (text) => {
    if (problems.length < PROBLEMS_KEPT) problems.push(text);
  };
  const start = (route, expectBody, options, onAnswer) => {
    const instance = autocannon({
      url: `${url}${route}`,
      expectBody,
      duration: LONG_S,
      sampleInt: TICK_MS,
      ...options,
    });
    instance.on('response', (_client, status, _bytes, latency) => {
      if (status !== 200) problem(`${route} answered with status ${status}`);
      onAnswer(latency);
    });
    instance.on('reqError', (error) => problem(`${route}: ${error.message}`));
    instance.on('reqMismatch', (body) => problem(`${route} answered ${String(body).slice(0, 200)}`));
  };

  // Neither route is under load before its first answer, which may take its time on a busy machine.
  let from = Number.POSITIVE_INFINITY;
  let loading = false;
  let measuring = false;
  const counts = () => {
    const now = performance.now();
    return now >= from && now < from + windowMs;
  };
  const measure = () => {
    if (measuring) return;
    measuring = true;
    from = performance.now() + settleMs;
    setTimeout(() => process.send({ cheap, heavy, problems }, () => process.exit(0)), settleMs + windowMs);
  };
  const startCheap = () => {
    if (loading) return;
    loading = true;
    for (let group = 0; group < groups; group++) {
      const begin = () =>
        start(
          '/cheap',
          cheapBody,
          { connections, connectionRate: 1, ignoreCoordinatedOmission: true },
          (latency) => {
            if (counts()) cheap.push(latency);
            measure();
          },
        );
      setTimeout(begin, (group * TICK_MS) / groups);
    }
  };
  start('/heavy', heavyBody, { connections: heavyConnections }, () => {
    if (counts()) heavy++;
    startCheap();
  });
}

process.once('message', load);
process.on('disconnect', () => process.exit(0));
