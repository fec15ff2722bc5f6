import type { ProvinceConfig } from "../config/config.ts";
import type { Connector } from "../connectors/connector.ts";
import { engineOf } from "../connectors/engines.ts";
import type { Verdict } from "../connectors/protection/governor.ts";
import { startProbe } from "../connectors/protection/probe.ts";
import { ProtectedConnector, type Protection } from "../connectors/protection/protected-connector.ts";
import type { Log } from "../contracts/log.ts";
import type { Meter } from "../contracts/meter.ts";
import type { Closers } from "./closers.ts";
import { engineOptions } from "./sources.ts";

/** The connector as a load reads by it. Vendors' loads stand in our own database, which nobody has to be kept from. */
export function openReader(
  config: ProvinceConfig,
  connector: Connector,
  closers: Closers,
  told: Pick<Protection, "judged" | "unprobed">,
): Connector {
  const { exchangeDb, folder, registry } = config;
  const options = registry.limits.protect;
  if (!options.enabled || engineOf(registry.engine).loads !== undefined) return connector;
  const setup = {
    engine: registry.engine,
    options: engineOptions({ ...registry, limits: { ...registry.limits, concurrentReads: 1 } }),
    place: { folder, exchangeUrl: exchangeDb.url.reveal() },
    probeMs: options.probeMs,
  };
  const reader = new ProtectedConnector(connector, {
    options,
    startProbe: (heard, failed) => startProbe(setup, heard, failed),
    ...told,
  });
  closers.add(async () => await reader.close());
  return reader;
}

/** To the log what changes, to the metrics each look. */
export function tellVerdict({ baselineMs, kind, latencyMs, share }: Verdict, log: Log, meter: Meter): void {
  meter.observe("duijie_source_probe_seconds", {}, latencyMs / 1000);
  if (kind === "slowed") meter.count("duijie_source_slowed_total", {});
  if (kind === "slowed" || kind === "recovered")
    log.event(`source.${kind}`, { share, elapsedMs: latencyMs, limit: baselineMs });
}

/** Of full speed, where a connector is one that slows down. */
export function shareOf(connector: Connector): number {
  return "share" in connector && typeof connector.share === "number" ? connector.share : 1;
}
