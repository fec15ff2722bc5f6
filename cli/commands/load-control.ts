import type { Command } from "commander";
import { DuijieError } from "../../contracts/errors.ts";
import {
  acceptAbsence,
  acceptShare,
  latestLoad,
  moveRun,
  type Run,
  type RunState,
} from "../../exchange-db/runs.ts";
import type { Store } from "../../exchange-db/store.ts";
import { type Province, withProvince } from "../compose.ts";
import type { ExitCode, Frame, Invocation } from "../invocation.ts";

/** `load pause`: no chunk is begun any more; processes wait, what was begun is finished. */
export function loadPauseCommand(frame: Frame, parent: Command): Command {
  return frame.command(parent, "pause", async (invocation) => {
    return await controlled(invocation, async (store, load) => {
      await move(store, load, ["running"], "paused");
      return "paused";
    });
  });
}

interface ResumeOptions {
  readonly acceptQuarantine?: true;
  readonly acceptDeletions?: true;
}

/** `load resume`: lets a paused load go on, and a held one that somebody looked at. */
export function loadResumeCommand(frame: Frame, parent: Command): Command {
  return frame
    .command(parent, "resume", async (invocation, command) => {
      const { acceptDeletions, acceptQuarantine } = command.opts<ResumeOptions>();
      return await controlled(invocation, async (store, load) => {
        const isAbsence = load.hold?.absent !== undefined;
        if (load.state !== "held") await move(store, load, ["paused"], "running");
        else if (isAbsence && acceptDeletions === true) await acceptAbsence(store, load.runId);
        else if (isAbsence) throw deletionsExceeded(load);
        else if (acceptQuarantine === true) await acceptShare(store, load.runId);
        // What was landed stays counted, so it would be held again at its next chunk.
        else throw shareExceeded(load);
        return "running";
      });
    })
    .option("--accept-quarantine", frame.text("acceptQuarantine"))
    .option("--accept-deletions", frame.text("acceptDeletions"));
}

/** `load stop`: ends it for good; what was landed stays and counts as unchanged in the next load. */
export function loadStopCommand(frame: Frame, parent: Command): Command {
  return frame.command(parent, "stop", async (invocation) => {
    return await controlled(invocation, async (store, load) => {
      await move(store, load, ["running", "paused", "held"], "stopped");
      return "stopped";
    });
  });
}

function deletionsExceeded({ hold, runId }: Run): DuijieError {
  const { absent = 0, entity = "", rows = 0 } = hold ?? {};
  const share = `${((100 * absent) / Math.max(1, rows)).toFixed(1)} %`;
  return new DuijieError("DELETION_SHARE_EXCEEDED", { runId, entity, absent, rows, share });
}

function shareExceeded({ hold, runId }: Run): DuijieError {
  if (hold === null) return new DuijieError("QUARANTINE_SHARE_EXCEEDED", { runId });
  const { county, entity, quarantined, rows } = hold;
  const share = `${((100 * quarantined) / Math.max(1, rows)).toFixed(1)} %`;
  return new DuijieError("QUARANTINE_SHARE_EXCEEDED", {
    runId,
    entity,
    county: county ?? "",
    quarantined,
    share,
  });
}

async function controlled(
  invocation: Invocation,
  change: (store: Store, load: Run) => Promise<RunState>,
): Promise<ExitCode> {
  return await withProvince(invocation, async (province: Province) => {
    const { terminal } = invocation;
    const store = await province.store();
    const load = await latestLoad(store, province.code);
    if (load === null) throw new DuijieError("LOAD_NOT_FOUND");
    const state = await change(store, load);
    const { runId } = load;
    if (invocation.json) terminal.json({ runId, state });
    else terminal.say(`control.${state}`, { runId });
    return 0;
  });
}

async function move(store: Store, load: Run, from: readonly RunState[], to: RunState): Promise<void> {
  if (await moveRun(store, load.runId, from, to)) return;
  throw new DuijieError("LOAD_STATE_WRONG", { runId: load.runId, state: load.state });
}
