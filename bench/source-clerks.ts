/** A process of `npm run bench:source`: clerks at their registry, each with a session; tells how long each act took. */
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { clerks, clerkThinkMs, pupils } from "./source-world.ts";

const url = process.argv[2] ?? "";
const client = () => new pg.Client({ connectionString: url, application_name: "clerk" });
let random = 12_345;
let latencies: number[] = [];

process.on("message", (message) => {
  if (message === "begin") latencies = [];
  if (message === "tell") process.send?.(latencies);
  if (message === "end") process.exit(0);
});
await Promise.all(Array.from({ length: clerks }, async () => await work()));

/** Opens a pupil, and one time in five changes and saves it. */
async function work(): Promise<void> {
  const session = client();
  await session.connect();
  for (;;) {
    const id = String(nextRandom() % pupils);
    const began = performance.now();
    await session.query("SELECT * FROM xj.pupil WHERE id = $1", [id]);
    if (nextRandom() % 5 === 0)
      await session.query("UPDATE xj.pupil SET changed = changed + 1 WHERE id = $1", [id]);
    latencies.push(performance.now() - began);
    await delay(nextRandom() % (2 * clerkThinkMs));
  }
}

function nextRandom(): number {
  random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
  return random >>> 8;
}
