/**
 * The way of a record from province to nation, stage by stage; each is one file in `stages/`.
 *
 * | stage       | takes → gives                                         | durable when                              | on failure |
 * |-------------|--------------------------------------------------------|--------------------------------------------|------------|
 * | capture     | leased key range → rows, unchanged ones counted         | nothing kept yet                           | the lease runs out, another process reads again |
 * | map         | row → contract values in national codes                 | nothing kept yet                           | finding: MAPPING_MISSING, RECORD_MALFORMED |
 * | validate    | values → values that meet contract and profile, digests | nothing kept yet                           | finding: CONTRACT_VIOLATION |
 * | seal        | values → batches: compressed, signed bytes              | nothing kept yet                           | finding: MESSAGE_TOO_LARGE |
 * | land        | batches → staging rows, exceptions, bytes, chunk        | the one exchange-db transaction commits    | nothing kept; the chunk is read again |
 * | publish     | landed bytes → messages                                 | all in-sync replicas acknowledged          | same bytes again |
 * | receive     | message → proven sender                                 | nothing kept yet                           | refused and recorded |
 * | apply       | batch → national registry, inbox, receipt, position     | the one national transaction commits       | a record's fault goes into the receipt |
 * | acknowledge | receipt → message                                       | all in-sync replicas acknowledged          | same receipt again |
 * | settle      | receipt → batch settled, exceptions, position           | the one exchange-db transaction commits    | the position stays, the receipt comes again |
 * | reconcile   | counts and digests of both sides → report row           | the row commits                            | a difference is a finding, never a silent fix |
 */
export const upstreamStages = [
  "capture",
  "map",
  "validate",
  "seal",
  "land",
  "publish",
  "receive",
  "apply",
  "acknowledge",
  "settle",
  "reconcile",
] as const;
export type UpstreamStage = (typeof upstreamStages)[number];
