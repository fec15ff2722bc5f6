/** The stages of `npm test`, in order. */
export type Stage = {
  readonly name: string;
  /** Node's arguments; the working folder is the clone. */
  readonly args: readonly string[];
  /** A step counts as one; a mocha stage by its tests. */
  readonly kind: "step" | "mocha";
  readonly needsServers: boolean;
  readonly timeLimitMinutes: number;
};

const rooms =
  "{contracts,config,connectors,mappings,exchange-db,pipeline,national,embedded,cli,scripts,bench}";

/** The same as `npm run test:unit`; a test compares them. */
export const unitSpecs = [
  `${rooms}/**/*.test.ts`,
  "test/*.test.ts",
  "test/properties/**/*.test.ts",
  "test/faults/**/*.test.ts",
];

export const stages: readonly Stage[] = [
  step("format", ["node_modules/@biomejs/biome/bin/biome", "check", "."]),
  step("types", ["node_modules/typescript/bin/tsc", "--noEmit"]),
  step("generate", ["--import=tsx", "scripts/generate.ts", "--check"]),
  step("lint", ["node_modules/oxlint/bin/oxlint", "--type-aware", "--deny-warnings"]),
  mocha("unit", unitSpecs, 10, false),
  mocha("integration", ["test/integration/**/*.test.ts"], 120, true),
  mocha("end-to-end", ["test/end-to-end/**/*.test.ts"], 600, true),
  // Last, while the servers still run: what looks back on the whole run and its output.
  mocha("afterwards", ["test/afterwards/**/*.test.ts"], 120, true),
];

function step(name: string, args: readonly string[]): Stage {
  return { name, args, kind: "step", needsServers: false, timeLimitMinutes: 5 };
}

function mocha(name: string, specs: readonly string[], timeoutSeconds: number, needsServers: boolean): Stage {
  const program = "node_modules/mocha/bin/mocha.js";
  const reporter = ["--reporter", "scripts/test-reporter.mjs"];
  const args = [program, ...reporter, "--timeout", String(timeoutSeconds * 1000), ...specs];
  return { name, args, kind: "mocha", needsServers, timeLimitMinutes: 45 };
}
