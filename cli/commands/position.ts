import type { Command } from "commander";
import { loadConfig } from "../../config/load.ts";
import { DuijieError } from "../../contracts/errors.ts";
import {
  acceptPosition,
  type ConsumerPosition,
  consumerPositions,
} from "../../exchange-db/lost-positions.ts";
import type { Store } from "../../exchange-db/store.ts";
import type { Broker } from "../../pipeline/broker/broker.ts";
import { withNation, withProvince } from "../compose.ts";
import type { ExitCode, Frame, Invocation } from "../invocation.ts";
import { partitionNumber } from "../option-values.ts";
import { askText } from "../question.ts";
import { usageError } from "../usage-error.ts";

interface Side {
  readonly schema: "exchange" | "national";
  readonly store: Store;
  readonly broker: Broker;
}

/** A position beside what the log still holds. */
interface Compared extends ConsumerPosition {
  readonly low: bigint;
  readonly high: bigint;
}

/** `position list`: how far this node has read each partition, and what Kafka still holds of it. */
export function positionListCommand(frame: Frame, parent: Command): Command {
  return frame.command(parent, "list", async (invocation) => {
    return await withSide(invocation, async (side) => {
      print(invocation, await compared(side, await consumerPositions(side.store, side.schema)));
      return 0;
    });
  });
}

interface AcceptOptions {
  readonly topic: string;
  readonly partition: number;
  readonly confirm?: string;
}

/** `position accept`: goes on behind messages that are gone. Nothing else skips any, so a person has to say so in writing. */
export function positionAcceptCommand(frame: Frame, parent: Command): Command {
  return frame
    .command(parent, "accept", async (invocation, command) => {
      const options = command.opts<AcceptOptions>();
      return await withSide(invocation, async (side) => await accept(invocation, side, options));
    })
    .requiredOption("--topic <topic>", frame.text("topic"))
    .requiredOption("--partition <number>", frame.text("partition"), partitionNumber)
    .option("--confirm <topic>", frame.text("confirm"));
}

async function accept(invocation: Invocation, side: Side, options: AcceptOptions): Promise<ExitCode> {
  const { partition, topic } = options;
  const all = await consumerPositions(side.store, side.schema);
  const wanted = all.filter((one) => one.topic === topic && one.partition === partition);
  const [lost] = await compared(
    side,
    wanted.filter((one) => one.lostAt !== null),
  );
  if (lost === undefined) throw usageError("positionNotLost", { topic, partition }, "position accept");
  const { terminal } = invocation;
  if (!invocation.json) print(invocation, [lost]);
  const { low, next } = lost;
  const params = { topic, partition, next: String(next), first: String(low) };
  if (low > next) terminal.note("position.gap", { ...params, missing: String(low - next) });
  else terminal.note("position.anew", params);
  const typed = options.confirm ?? (terminal.isTty ? await askText(terminal, "position.question") : "");
  if (typed !== topic) throw usageError("positionUnconfirmed", { topic }, "position accept");
  if (!(await acceptPosition(side.store, side.schema, lost, low)))
    throw new DuijieError("STORE_CONFLICT", { table: `${side.schema}.consumer_position` });
  if (invocation.json) terminal.json({ topic, partition, from: next, to: low });
  else terminal.say(`position.accepted.${side.schema}`, params);
  return 0;
}

async function compared(
  { broker }: Side,
  positions: readonly ConsumerPosition[],
): Promise<readonly Compared[]> {
  return await Promise.all(
    positions.map(async (one) => ({ ...one, ...(await broker.watermarks(one.topic, one.partition)) })),
  );
}

function print({ json, terminal }: Invocation, positions: readonly Compared[]): void {
  if (json) {
    terminal.json({ positions });
    return;
  }
  terminal.table(
    ["topic", "partition", "nextOffset", "firstKept", "endOffset", "lostAt"],
    positions.map((one) => [
      one.topic,
      String(one.partition),
      String(one.next),
      String(one.low),
      String(one.high),
      one.lostAt?.toISOString() ?? "",
    ]),
  );
}

async function withSide(invocation: Invocation, work: (side: Side) => Promise<ExitCode>): Promise<ExitCode> {
  const { role } = loadConfig(invocation.configFile, invocation.env);
  if (role === "national") {
    return await withNation(invocation, async (nation) => {
      return await work({
        schema: "national",
        store: await nation.store(),
        broker: await nation.broker(),
      });
    });
  }
  return await withProvince(invocation, async (province) => {
    return await work({
      schema: "exchange",
      store: await province.store(),
      broker: await province.broker(),
    });
  });
}
