/**
 * mocha's reporter for `npm test`: what a person reads, and at the end a file with the counts, which the parent sums
 * up (a number scraped from the output could be faked by a test's own output, and is lost when mocha crashes).
 */
import { writeFileSync } from "node:fs";
import Mocha from "mocha";

const { EVENT_RUN_END, EVENT_TEST_PASS, EVENT_TEST_FAIL, EVENT_TEST_PENDING } = Mocha.Runner.constants;
/** After the last test, open pools, consumers and servers get this long to close; then they are a failure. */
const patienceMs = 20_000;

export default class TestReporter {
  constructor(runner, options) {
    const Human = process.env.DUIJIE_TEST_HUMAN === "dot" ? Mocha.reporters.Dot : Mocha.reporters.Spec;
    this.human = new Human(runner, options);
    const result = { passed: 0, failed: [], skipped: [] };
    runner.on(EVENT_TEST_PASS, () => result.passed++);
    runner.on(EVENT_TEST_FAIL, (test) => result.failed.push(test.fullTitle()));
    runner.on(EVENT_TEST_PENDING, (test) =>
      result.skipped.push({ title: test.fullTitle(), reason: reasonOf(test) }),
    );
    runner.once(EVENT_RUN_END, () => {
      writeFileSync(process.env.DUIJIE_TEST_RESULT, JSON.stringify(result));
      setTimeout(leftOpen, patienceMs, result).unref();
    });
    // Without a handler a signal ends the process without its exit hooks, and those end the servers it started.
    for (const [signal, code] of [
      ["SIGINT", 130],
      ["SIGTERM", 143],
    ])
      process.prependOnceListener(signal, () => process.exit(code));
  }
}

/** `test/support/skip.ts` leaves the reason on the test, or on the suite whose hook skipped all of it. */
function reasonOf(test) {
  for (let place = test; place !== undefined && place !== null; place = place.parent)
    if (typeof place.skipReason === "string") return place.skipReason;
  return "no reason given";
}

function leftOpen(result) {
  const open = [...new Set(process.getActiveResourcesInfo())].join(", ");
  const title = `left open after the last test: ${open}`;
  process.stderr.write(`${title}\n`);
  writeFileSync(
    process.env.DUIJIE_TEST_RESULT,
    JSON.stringify({ ...result, failed: [...result.failed, title] }),
  );
  process.exit(1);
}
