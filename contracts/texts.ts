import { readdirSync, readFileSync } from "node:fs";
import { createInstance } from "i18next";
import { DuijieError } from "./errors.ts";
import { contractsPath } from "./package-root.ts";

export const languages = ["zh", "en"] as const;
export type Language = (typeof languages)[number];

/** The text of a key, `<file>.<key>` such as `errors.MAPPING_MISSING.what`, with `{{param}}` filled in. */
export type Texts = (key: string, params?: Readonly<Record<string, string | number>>) => string;

/**
 * All texts of one language. A key without a text is INVARIANT_BROKEN, because a person can't read a key. A parameter
 * that was not given stays visible as `{{param}}`.
 */
export function createTexts(language: Language): Texts {
  const texts = readTexts(language);
  const i18n = createInstance({
    lng: language,
    fallbackLng: false,
    initAsync: false,
    // Its default prints an advertisement on our standard output.
    showSupportNotice: false,
    // Keys hold dots and colons themselves, so nothing is split.
    keySeparator: false,
    nsSeparator: false,
    // For a terminal, a log and CSV: HTML escapes would be wrong.
    interpolation: { escapeValue: false, skipOnVariables: true },
    missingInterpolationHandler: (_text: string, found: readonly string[]) => found[0],
    resources: { [language]: { translation: texts } },
  });
  void i18n.init();
  return (key, params = {}) => {
    if (!Object.hasOwn(texts, key))
      throw new DuijieError("INVARIANT_BROKEN", { what: "text", language, key });
    return i18n.t(key, { ...params });
  };
}

/** Every key with its text, as in the files: `{{param}}` not filled in. */
export function readTexts(language: Language): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const file of readdirSync(contractsPath("texts", language)).toSorted()) {
    if (!file.endsWith(".json")) continue;
    const room = file.slice(0, -".json".length);
    const content: unknown = JSON.parse(readFileSync(contractsPath("texts", language, file), "utf8"));
    for (const [key, text] of Object.entries(content ?? {})) {
      if (typeof text !== "string")
        throw new DuijieError("INVARIANT_BROKEN", { what: "text", language, file, key });
      texts[`${room}.${key}`] = text;
    }
  }
  return texts;
}
