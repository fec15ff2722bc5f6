import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../contracts/package-root.ts";

type Schema = Readonly<Record<string, unknown>>;

const read = (path: string) => readFileSync(join(packageRoot, path), "utf8");
const isSchema = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function schemaFile(path: string): Schema {
  const value: unknown = JSON.parse(read(path));
  if (!isSchema(value)) throw new Error(`${path} is no schema`);
  return value;
}

const province = schemaFile("config/province.schema.json");
const national = schemaFile("config/national.schema.json");
const engineParts = ["postgres", "csv", "mysql", "package", "vendor"].map((name) =>
  schemaFile(`connectors/${name}/config.schema.json`),
);
const files = [
  province,
  national,
  ...engineParts,
  schemaFile("config/parts.schema.json"),
  schemaFile("config/registry.schema.json"),
];

interface Key {
  readonly path: string;
  readonly standard: unknown;
}

/** Every key that a file may hold, by its path; secrets count as one key, whatever they refer to. */
function keysOf(node: unknown, root: Schema, path: string): Key[] {
  if (!isSchema(node)) return [];
  const [schema, home] = resolved(node, root);
  const own: Key[] = path === "" ? [] : [{ path, standard: schema["default"] }];
  if (isSecret(schema)) return own;
  const properties = partsOf(schema).flatMap((part) => Object.entries(asSchema(part["properties"])));
  const below = properties.flatMap(([name, value]) =>
    keysOf(value, home, path === "" ? name : `${path}.${name}`),
  );
  return [...own, ...below];
}

/** Where the properties of an object stand: its own, or those of its long form. */
function partsOf(schema: Schema): Schema[] {
  return [schema, asSchema(schema["else"])];
}

/** A text in short, a reference in long. */
function isSecret(schema: Schema): boolean {
  return (
    partsOf(schema).some((part) => "env" in asSchema(part["properties"])) || Array.isArray(schema["oneOf"])
  );
}

function asSchema(value: unknown): Schema {
  return isSchema(value) ? value : {};
}

function resolved(node: Schema, root: Schema): [schema: Schema, root: Schema] {
  const reference = node["$ref"];
  if (typeof reference !== "string") return [node, root];
  const [base = "", place = ""] = reference.split("#");
  const home = base === "" ? root : files.find((file) => file["$id"] === base);
  if (home === undefined) throw new Error(`no schema ${base}`);
  const found = place.split("/").reduce<unknown>((at, name) => (name === "" ? at : asSchema(at)[name]), home);
  const { $ref: _reference, ...rest } = node;
  return resolved({ ...asSchema(found), ...rest }, home);
}

/** The registry's entities are alike; the engine's own limit of readers is set by `registry.limits`. */
function documented(path: string): string | null {
  if (path === "registry.concurrentReads" || path === "registry.entities") return null;
  const entity = /^registry\.entities\.(\w+)(.*)$/.exec(path);
  if (entity === null) return path;
  return entity[1] === "student" ? `registry.entities.<entity>${entity[2]}` : null;
}

function wantedRows(keys: readonly Key[]): string[] {
  return keys.flatMap(({ path, standard }) => {
    const name = documented(path);
    if (name === null) return [];
    const isPlain = ["string", "number", "boolean"].includes(typeof standard);
    return [isPlain ? `| \`${name}\` | \`${String(standard)}\` |` : `| \`${name}\` | `];
  });
}

describe("the configuration in docs/operations.md", () => {
  const page = read("docs/operations.md");
  const [ofProvince = "", ofNation = ""] = (page.split("### 省级 · Province")[1] ?? "").split(
    "### 国家级 · Nation",
  );

  it("has every key of a province's node with its default", () => {
    const keys = [
      ...keysOf(province, province, ""),
      ...engineParts.flatMap((part) => keysOf({ ...part, oneOf: undefined }, part, "registry").slice(1)),
    ];
    expect(keys).to.have.length.above(80);
    expect(wantedRows(keys).filter((row) => !ofProvince.includes(row))).to.deep.equal([]);
  });

  it("has every key of the nation's node with its default", () => {
    const keys = keysOf(national, national, "");
    expect(keys).to.have.length.above(25);
    expect(wantedRows(keys).filter((row) => !ofNation.includes(row))).to.deep.equal([]);
  });
});
