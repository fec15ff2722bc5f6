import { land } from "../../exchange-db/landing.ts";
import type { Store } from "../../exchange-db/store.ts";
import type { EntityPlan } from "../entity-plan.ts";
import { traceId } from "../envelope.ts";
import type { Stage } from "../stage.ts";
import type { SealedUnit } from "../unit.ts";

export interface LandOptions {
  readonly store: Store;
  readonly runId: string;
  readonly province: string;
  readonly mappingVersion: string;
}

/** land: a sealed unit → kept, all or nothing. Durable when the one exchange-db transaction has committed. */
export function landStage(options: LandOptions, plan: EntityPlan): Stage<SealedUnit, SealedUnit> {
  return {
    name: "land",
    async run(sealed) {
      const { validated } = sealed;
      const { captured } = validated;
      const { origin } = captured;
      await land(options.store, {
        runId: options.runId,
        province: options.province,
        entity: plan.entity,
        contractVersion: plan.contract.version,
        mappingVersion: options.mappingVersion,
        origin: origin.kind,
        traceId: traceId(captured.traceParent),
        chunk:
          origin.segment === null || origin.token === null
            ? null
            : { segment: origin.segment, token: origin.token },
        isFirst: origin.isFirst,
        readCount: captured.readCount,
        unchangedCount: captured.unchangedCount + validated.unchangedCount,
        warnings: validated.warnings,
        counties: captured.counties,
        lineFields: plan.fieldOfColumn,
        batches: sealed.batches,
      });
      return sealed;
    },
  };
}
