import type { Context } from "mocha";

/** Skips the test, or all tests below the hook, that this context runs, with a reason that `npm test` lists. */
export function skip(context: Context, reason: string): never {
  const runnable = context.test;
  if (runnable === undefined) throw new Error("there is no test to skip here");
  const isHook = "type" in runnable && runnable.type === "hook";
  const place = isHook ? runnable.parent : runnable;
  Object.assign(place ?? runnable, { skipReason: reason });
  return context.skip();
}
