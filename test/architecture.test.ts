import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../contracts/package-root.ts";

/** Which rooms a room may import; type imports count. Changed only together with a decision record in docs/adr. */
const table: Readonly<Record<string, readonly string[]>> = {
  contracts: [],
  config: ["contracts"],
  mappings: ["contracts"],
  connectors: ["contracts"],
  "exchange-db": ["contracts"],
  pipeline: ["contracts", "mappings", "exchange-db", "connectors"],
  national: ["contracts", "exchange-db", "pipeline"],
  // Never what the demo is used to check; its checker may not even import these two.
  embedded: ["config", "contracts"],
  cli: ["contracts", "config", "mappings", "connectors", "exchange-db", "pipeline", "national", "embedded"],
};

/** Not part of the product: they may import everything, and nothing of the product imports them. */
const tools = ["test", "bench", "scripts"];

/** Packages that one folder alone may import. */
const keptPackages: Readonly<Record<string, string>> = {
  kafkajs: "pipeline/broker/",
  "node-rdkafka": "pipeline/broker/",
  "prom-client": "cli/monitoring/",
  "@opentelemetry": "cli/monitoring/",
};

/** Rooms that may look at the surroundings; all others are given what they need. */
const outwardRooms = ["config", "cli", "embedded", ...tools];
const surroundings = /\bprocess\.env\b|\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b/;

interface Import {
  /** Paths from the clone's root; a package keeps its name. */
  readonly from: string;
  readonly to: string;
  readonly isPackage: boolean;
}

/**
 * The specifiers of a source file: static, re-exported, for side effects, dynamic and in types. Biome's format, which
 * the check enforces, lets each statement begin its own line.
 */
function specifiersOf(source: string): string[] {
  const patterns = [
    /^(?:import|export)\s[^"'`;]*?\bfrom\s+"([^"]+)"/gm,
    /^import\s+"([^"]+)"/gm,
    /\b(?:import|require|require\.resolve)\(\s*"([^"]+)"/g,
  ];
  const code = withoutComments(source);
  return patterns.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1] ?? ""));
}

function withoutComments(source: string): string {
  return source.replaceAll(/^\s*\/\/.*$|^\s*\/\*[\s\S]*?\*\//gm, "");
}

function importsOf(file: string, source: string): Import[] {
  return specifiersOf(source)
    .filter((to) => !to.startsWith("node:"))
    .map((to) =>
      to.startsWith(".")
        ? { from: file, to: normalize(join(dirname(file), to)), isPackage: false }
        : { from: file, to, isPackage: true },
    );
}

function roomOf(path: string): string {
  return path.split("/")[0] ?? "";
}

const isTest = (path: string) => path.endsWith(".test.ts");

/** Why an import is not allowed, or null. */
function objection({ from, to, isPackage }: Import): string | null {
  const room = roomOf(from);
  if (isPackage) return packageObjection(from, to);
  if (/^embedded\/demo\/checker[^/]*\.ts$/.test(from) && !isTest(from)) {
    return /^embedded\/demo\/checker[^/]*\.ts$/.test(to)
      ? null
      : "the checker shares nothing with what it checks";
  }
  const target = roomOf(to);
  if (target === room || tools.includes(room)) return null;
  // A room's unit tests may use what supports tests, and the manifest belongs to nobody.
  if ((isTest(from) && to.startsWith("test/support/")) || to === "package.json") return null;
  if (!(table[room] ?? []).includes(target)) return `${room} may not import ${target}`;
  if (room === "pipeline" && target === "connectors" && to !== "connectors/connector.ts" && !isTest(from))
    return "of connectors the pipeline knows the port alone";
  return null;
}

function packageObjection(from: string, to: string): string | null {
  const name = Object.keys(keptPackages).find((kept) => to === kept || to.startsWith(`${kept}/`));
  const home = name === undefined ? undefined : keptPackages[name];
  if (home !== undefined && !from.startsWith(home) && !tools.includes(roomOf(from)))
    return `${name} stays behind the port in ${home}`;
  const isSql = ["pg", "pg-copy-streams", "mysql2"].includes(to);
  if (/^embedded\/demo\/checker[^/]*\.ts$/.test(from) && !isSql && !isTest(from))
    return "the checker needs SQL alone";
  return null;
}

/** A way from a room back to itself, or null. */
function cycleIn(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] | null {
  const done = new Set<string>();
  const walk = (room: string, way: readonly string[]): string[] | null => {
    if (way.includes(room)) return [...way.slice(way.indexOf(room)), room];
    if (done.has(room)) return null;
    for (const next of edges.get(room) ?? []) {
      const found = walk(next, [...way, room]);
      if (found !== null) return found;
    }
    done.add(room);
    return null;
  };
  for (const room of edges.keys()) {
    const found = walk(room, []);
    if (found !== null) return found;
  }
  return null;
}

function sourceFiles(): string[] {
  const rooms = readdirSync(packageRoot, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => entry.name)
    .filter((name) => name !== "node_modules" && name !== "dist");
  return rooms.flatMap((room) =>
    readdirSync(join(packageRoot, room), { recursive: true, encoding: "utf8" })
      .filter((file) => /\.m?ts$/.test(file))
      .map((file) => `${room}/${file}`),
  );
}

describe("the architecture", () => {
  const sources = new Map(sourceFiles().map((file) => [file, readFileSync(join(packageRoot, file), "utf8")]));
  const imports = [...sources].flatMap(([file, source]) => importsOf(file, source));

  it("knows every room that holds code", () => {
    const known = [...Object.keys(table), ...tools];
    const rooms = new Set([...sources.keys()].map(roomOf));
    expect([...rooms].filter((room) => !known.includes(room))).to.deep.equal([]);
    expect(rooms.size).to.be.greaterThan(9);
  });

  it("sees the imports of every file that has some", () => {
    expect(imports.length).to.be.greaterThan(1000);
    const found = new Set(imports.map(({ from }) => from));
    const blind = [...sources].filter(
      ([file, source]) => !found.has(file) && /^\s*(?:\} from|import\b.*) "(?!node:)/m.test(source),
    );
    expect(blind.map(([file]) => file)).to.deep.equal([]);
  });

  it("holds no import that the table does not allow", () => {
    const found = imports.flatMap((one) => {
      const reason = objection(one);
      return reason === null ? [] : [`${one.from} imports ${one.to}: ${reason}`];
    });
    expect(found).to.deep.equal([]);
  });

  it("holds no cycle between rooms", () => {
    const edges = new Map<string, Set<string>>();
    for (const { from, to, isPackage } of imports) {
      const [room, target] = [roomOf(from), roomOf(to)];
      if (isPackage || isTest(from) || tools.includes(room) || room === target || !(target in table))
        continue;
      edges.set(room, (edges.get(room) ?? new Set()).add(target));
    }
    expect(edges.size).to.be.greaterThan(6);
    expect(cycleIn(edges)).to.equal(null);
  });

  it("reads environment, time and chance only where the outside is let in", () => {
    const found = [...sources].filter(
      ([file, source]) =>
        !isTest(file) && !outwardRooms.includes(roomOf(file)) && surroundings.test(withoutComments(source)),
    );
    expect(found.map(([file]) => file)).to.deep.equal([]);
  });

  it("names no folder for what it holds of everything", () => {
    const folders = new Set([...sources.keys()].flatMap((file) => dirname(file).split("/")));
    const vague = ["utils", "util", "common", "helpers", "helper", "types", "misc", "shared"];
    expect(vague.filter((name) => folders.has(name))).to.deep.equal([]);
  });

  it("would see what it forbids", () => {
    const text = [
      'import { a } from "../connectors/engines.ts";',
      "import type {",
      "  B,",
      '} from "../national/node.ts";',
      'export * from "../cli/main.ts";',
      'import "kafkajs";',
      'type C = import("../test/support/until.ts").C;',
      "/**",
      ' * import("../config/load.ts")',
      " */",
      '// import "../config/load.ts";',
    ].join("\n");
    const found = importsOf("pipeline/made.ts", text).map((one) => objection(one));
    expect(found.filter((reason) => reason !== null)).to.have.length(5);
    expect(
      objection({ from: "embedded/demo/checker.ts", to: "contracts/entity.ts", isPackage: false }),
    ).to.be.a("string");
    expect(objection({ from: "embedded/demo/main.ts", to: "pipeline/unit.ts", isPackage: false })).to.be.a(
      "string",
    );
    const ring = [
      ["a", new Set(["b"])],
      ["b", new Set(["c"])],
      ["c", new Set(["b"])],
    ] as const;
    expect(cycleIn(new Map(ring))).to.deep.equal(["b", "c", "b"]);
    expect(surroundings.test("const now = new Date();")).to.equal(true);
  });
});
