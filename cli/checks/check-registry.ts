import type { ProvinceConfig } from "../../config/config.ts";
import { missingRequiredFields } from "../../config/required-fields.ts";
import {
  type Capability,
  type CheckFinding,
  type Connector,
  type ConnectorCapabilities,
  capabilityNames,
  type SourceEntity,
} from "../../connectors/connector.ts";
import { DuijieError, isErrorCode } from "../../contracts/errors.ts";
import type { Texts } from "../../contracts/texts.ts";
import { type CheckLine, faultLine, okLine } from "./check-line.ts";

const part = "registry";

/** What the connector finds, and which required fields nothing feeds. */
export async function checkRegistry(
  config: ProvinceConfig,
  connector: Connector,
  sources: readonly SourceEntity[],
  texts: Texts,
  signal: AbortSignal,
): Promise<readonly CheckLine[]> {
  const findings = await connector.check(sources, signal);
  const missing = missingRequiredFields(config).map(({ entity, field, profile }) => {
    const error = new DuijieError("CONFIG_INVALID", { entity, field, profile, reason: "required" });
    return faultLine(texts, part, texts("cli.check.required"), error);
  });
  const abilities = capabilityLines(connector.capabilities, texts);
  return [...findings.map((finding) => lineOf(finding, texts)), ...abilities, ...missing];
}

/** What the engine can do in one line; what it can't each in its own, with what that means for a load. */
export function capabilityLines(capabilities: ConnectorCapabilities, texts: Texts): readonly CheckLine[] {
  const nameOf = (name: Capability) => texts(`connectors.capability.${name}.name`);
  const has = capabilityNames.filter((name) => capabilities[name]).map(nameOf);
  const able = okLine(part, texts("cli.check.able"), has.join(texts("cli.check.and")));
  const lacks = capabilityNames.filter((name) => !capabilities[name]);
  return [
    able,
    ...lacks.map((name) => {
      const found = `${nameOf(name)}: ${texts(`connectors.capability.${name}.without`)}`;
      return okLine(part, texts("cli.check.unable"), found);
    }),
  ];
}

function lineOf(finding: CheckFinding, texts: Texts): CheckLine {
  const { code, detail, entity, ok, subject } = finding;
  const where = entity === undefined ? "" : ` ${entity}`;
  const title = `${texts(`connectors.check.${subject}`)}${where}`;
  if (!ok) {
    const params = entity === undefined ? detail : { ...detail, entity };
    const known = isErrorCode(code) ? code : "INVARIANT_BROKEN";
    return faultLine(texts, part, title, new DuijieError(known, params));
  }
  const { warning, ...found } = detail;
  const text = Object.entries(found)
    .map(([name, value]) => `${name}=${value}`)
    .join(", ");
  return okLine(
    part,
    title,
    text,
    warning === undefined ? null : texts(`connectors.check.warning.${warning}`),
  );
}
