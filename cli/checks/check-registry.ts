import type { ProvinceConfig } from "../../config/config.ts";
import { missingRequiredFields } from "../../config/required-fields.ts";
import type { CheckFinding, Connector, SourceEntity } from "../../connectors/connector.ts";
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
  return [...findings.map((finding) => lineOf(finding, texts)), ...missing];
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
