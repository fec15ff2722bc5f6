import { type Command, Option } from "commander";
import { entityNames } from "../../contracts/entity.ts";
import { mappingGaps, parkedEntries, parkedSummary } from "../../exchange-db/parked.ts";
import { type Province, withProvince } from "../compose.ts";
import type { ExitCode, Frame, Invocation } from "../invocation.ts";
import { maskedKey } from "../masked-key.ts";
import { errorCode, wholeNumber } from "../option-values.ts";

interface Options {
  readonly entity?: string;
  readonly code?: string;
  readonly gaps?: true;
  readonly limit?: number;
  readonly showKeys?: true;
}

/** `quarantine list`: what is parked and why; with `--limit` single records too. */
export function quarantineListCommand(frame: Frame, parent: Command): Command {
  return frame
    .command(parent, "list", async (invocation, command) => {
      return await withProvince(invocation, async (province) => {
        return await run(invocation, province, command.opts<Options>());
      });
    })
    .addOption(new Option("--entity <entity>", frame.text("entity")).choices(entityNames))
    .option("--code <code>", frame.text("code"), errorCode)
    .option("--gaps", frame.text("gaps"))
    .option("--limit <rows>", frame.text("limit"), wholeNumber)
    .option("--show-keys", frame.text("showKeys"));
}

async function run(invocation: Invocation, province: Province, options: Options): Promise<ExitCode> {
  const { code, entity } = options;
  const { terminal } = invocation;
  const store = await province.store();
  const isWanted = (one: { entity: string; code?: string }) =>
    (entity === undefined || one.entity === entity) &&
    (code === undefined || one.code === undefined || one.code === code);
  const summary = (await parkedSummary(store, province.code)).filter(isWanted);
  const gaps = (await mappingGaps(store, province.code)).filter(isWanted);
  const found =
    options.limit === undefined
      ? []
      : await parkedEntries(
          store,
          province.code,
          { entity: entity ?? null, code: code ?? null },
          options.limit,
        );
  const entries = found.map((one) => ({
    ...one,
    key: options.showKeys === true ? one.key : maskedKey(one.key),
  }));
  if (invocation.json) {
    terminal.json(options.gaps === true ? { gaps } : { summary, gaps, entries });
    return 0;
  }
  if (options.gaps !== true) {
    terminal.table(
      ["entity", "outcome", "code", "field", "records"],
      summary.map((one) => [
        one.entity,
        terminal.text(`outcome.${one.outcome}`),
        one.code,
        one.field ?? "–",
        one.records,
      ]),
    );
  }
  if (gaps.length > 0) {
    terminal.say("quarantine.gaps");
    terminal.table(
      ["entity", "field", "table", "sourceCode", "records"],
      gaps.map((one) => [one.entity, one.field, one.table, one.sourceCode ?? "–", one.records]),
    );
  }
  if (entries.length > 0) {
    terminal.table(
      ["entity", "outcome", "code", "field", "rule", "county", "key"],
      entries.map((one) => [
        one.entity,
        terminal.text(`outcome.${one.outcome}`),
        one.code,
        one.field ?? "–",
        one.rules.join(" "),
        one.county ?? "–",
        one.key ?? "–",
      ]),
    );
  }
  if (summary.length === 0) terminal.say("quarantine.empty");
  return 0;
}
