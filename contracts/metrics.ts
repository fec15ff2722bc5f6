/**
 * Every metric that a process of ours can show: its name, kind, labels, who has it. What it means stands in
 * `texts/{zh,en}/metrics.json` under the same name; docs/metrics.md lists all, and dashboards and alert rules may use no
 * other. Labels are codes and counts of ours and the registry's county codes: nothing that tells of a person.
 */
export type MetricKind = "gauge" | "counter" | "histogram";

export interface MetricSpec {
  readonly kind: MetricKind;
  readonly labels: readonly string[];
  readonly role: "province" | "national" | "both";
  /** `sql`: asked of the database when somebody looks, so any process of a side tells the same; `process`: its own. */
  readonly from: "sql" | "process";
}

export const metrics = {
  // the process and what it leans on
  duijie_build_info: { kind: "gauge", labels: ["version", "role"], role: "both", from: "process" },
  duijie_ready: { kind: "gauge", labels: ["part"], role: "both", from: "process" },
  duijie_database_up: { kind: "gauge", labels: [], role: "both", from: "process" },
  duijie_figures_seconds: { kind: "gauge", labels: [], role: "both", from: "process" },
  duijie_process_cpu_seconds_total: { kind: "counter", labels: [], role: "both", from: "process" },
  duijie_process_resident_memory_bytes: { kind: "gauge", labels: [], role: "both", from: "process" },
  duijie_process_start_time_seconds: { kind: "gauge", labels: [], role: "both", from: "process" },
  duijie_eventloop_lag_p99_seconds: { kind: "gauge", labels: [], role: "both", from: "process" },
  duijie_process_heap_bytes: { kind: "gauge", labels: [], role: "both", from: "process" },
  // what a process has done since it began
  duijie_stage_seconds: { kind: "histogram", labels: ["stage", "entity"], role: "both", from: "process" },
  duijie_retries_total: { kind: "counter", labels: ["code"], role: "both", from: "process" },
  duijie_deliveries_failed_total: { kind: "counter", labels: ["code"], role: "both", from: "process" },
  duijie_messages_refused_total: { kind: "counter", labels: ["code"], role: "both", from: "process" },
  duijie_warnings_total: { kind: "counter", labels: ["event"], role: "both", from: "process" },
  duijie_source_probe_seconds: { kind: "histogram", labels: [], role: "province", from: "process" },
  duijie_source_slowed_total: { kind: "counter", labels: [], role: "province", from: "process" },
  duijie_rows_read_total: { kind: "counter", labels: ["entity"], role: "province", from: "process" },
  duijie_rows_unchanged_total: { kind: "counter", labels: ["entity"], role: "province", from: "process" },
  duijie_records_mapped_total: { kind: "counter", labels: ["entity"], role: "province", from: "process" },
  duijie_records_quarantined_total: {
    kind: "counter",
    labels: ["entity", "code"],
    role: "province",
    from: "process",
  },
  duijie_records_sent_total: { kind: "counter", labels: ["entity"], role: "province", from: "process" },
  duijie_batches_landed_total: { kind: "counter", labels: ["entity"], role: "province", from: "process" },
  duijie_batches_published_total: { kind: "counter", labels: ["entity"], role: "province", from: "process" },
  duijie_batches_sent_again_total: { kind: "counter", labels: [], role: "province", from: "process" },
  duijie_batches_settled_total: { kind: "counter", labels: [], role: "province", from: "process" },
  duijie_leases_lost_total: { kind: "counter", labels: ["entity"], role: "province", from: "process" },
  duijie_messages_applied_total: {
    kind: "counter",
    labels: ["message_type"],
    role: "national",
    from: "process",
  },
  // how a province stands
  duijie_records_read: { kind: "gauge", labels: ["entity"], role: "province", from: "sql" },
  duijie_records: { kind: "gauge", labels: ["entity", "outcome"], role: "province", from: "sql" },
  duijie_batches: { kind: "gauge", labels: ["entity", "state"], role: "province", from: "sql" },
  duijie_lag_records: { kind: "gauge", labels: ["entity", "county"], role: "province", from: "sql" },
  duijie_lag_seconds: { kind: "gauge", labels: ["county"], role: "province", from: "sql" },
  duijie_oldest_unsettled_seconds: { kind: "gauge", labels: [], role: "province", from: "sql" },
  duijie_last_settled_seconds: { kind: "gauge", labels: [], role: "province", from: "sql" },
  duijie_parked_records: {
    kind: "gauge",
    labels: ["entity", "outcome", "code"],
    role: "province",
    from: "sql",
  },
  duijie_quarantined_records: { kind: "gauge", labels: ["county"], role: "province", from: "sql" },
  duijie_mapping_gap_codes: { kind: "gauge", labels: ["entity", "table"], role: "province", from: "sql" },
  duijie_mapping_gap_records: { kind: "gauge", labels: ["entity", "table"], role: "province", from: "sql" },
  duijie_load_state: { kind: "gauge", labels: ["state"], role: "province", from: "sql" },
  duijie_load_rows_expected: { kind: "gauge", labels: ["entity"], role: "province", from: "sql" },
  duijie_load_rows_read: { kind: "gauge", labels: ["entity"], role: "province", from: "sql" },
  duijie_load_quarantined_share: { kind: "gauge", labels: ["entity"], role: "province", from: "sql" },
  duijie_reconciliation_equal: { kind: "gauge", labels: ["entity"], role: "province", from: "sql" },
  duijie_schedule_runs: { kind: "gauge", labels: ["state"], role: "province", from: "sql" },
  // how the nation stands
  duijie_national_batches: {
    kind: "gauge",
    labels: ["province", "entity", "result"],
    role: "national",
    from: "sql",
  },
  duijie_national_records: {
    kind: "gauge",
    labels: ["province", "entity", "outcome"],
    role: "national",
    from: "sql",
  },
  duijie_national_repeats: { kind: "gauge", labels: ["province"], role: "national", from: "sql" },
  duijie_national_answers_unsent: { kind: "gauge", labels: ["province"], role: "national", from: "sql" },
  duijie_national_oldest_unsent_seconds: { kind: "gauge", labels: [], role: "national", from: "sql" },
  duijie_national_last_received_seconds: {
    kind: "gauge",
    labels: ["province"],
    role: "national",
    from: "sql",
  },
  // both, each of its own database
  duijie_refused_messages: { kind: "gauge", labels: ["code"], role: "both", from: "sql" },
  duijie_positions_lost: { kind: "gauge", labels: [], role: "both", from: "sql" },
} as const satisfies Readonly<Record<string, MetricSpec>>;

export type MetricName = keyof typeof metrics;
export type MetricOf<K extends MetricKind> = {
  readonly [N in MetricName]: (typeof metrics)[N]["kind"] extends K ? N : never;
}[MetricName];

export const metricNames = Object.keys(metrics).filter(isMetricName);

export function isMetricName(name: string): name is MetricName {
  return Object.hasOwn(metrics, name);
}

export function isGaugeName(name: string): name is MetricOf<"gauge"> {
  return isMetricName(name) && metrics[name].kind === "gauge";
}

/** Seconds; from one quick statement to a minute that somebody will ask about. */
export const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const;
