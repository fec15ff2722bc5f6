import { loadTable } from "../contracts/ddl.ts";
import { type EntityName, entityNames } from "../contracts/entity.ts";
import { entityContract } from "../contracts/registry.ts";

type Part = Readonly<Record<string, unknown>>;

const isPart = (value: unknown): value is Part =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * A configuration whose registry is what vendors write: tables, keys and columns are ours and known, so that a file
 * names only the fields whose values are not national ones yet. All entities take part, for a load says which it has.
 */
export function withLoadTables(content: unknown): unknown {
  if (!isPart(content) || !isPart(content["registry"])) return content;
  const { registry } = content;
  if (!isPart(registry) || registry["engine"] !== "vendor") return content;
  const given = registry["entities"] ?? {};
  if (!isPart(given)) return content;
  const known = Object.fromEntries(
    entityNames.map((entity) => [entity, filledEntity(entity, given[entity])]),
  );
  return { ...content, registry: { ...registry, entities: { ...given, ...known } } };
}

function filledEntity(entity: EntityName, given: unknown): unknown {
  const own = given ?? {};
  if (!isPart(own)) return given;
  const fixed = { table: loadTable(entity), key: ["source_key"], county: "county", phase: "phase" };
  const fields = own["fields"] ?? {};
  if (!isPart(fields)) return { ...fixed, ...own };
  const known = entityContract(entity).fields.map(({ column, name }) => [
    name,
    filledField(column, fields[name]),
  ]);
  return { ...fixed, ...own, fields: { ...fields, ...Object.fromEntries(known) } };
}

function filledField(column: string, given: unknown): unknown {
  if (given === undefined || given === null) return column;
  return isPart(given) && !("column" in given) && !("constant" in given) ? { column, ...given } : given;
}
