import { nameRule, phoneRule, privateUseRule } from "../../contact-rules.ts";
import { documentRules } from "../../document-rules.ts";
import { i } from "../../generated/guardian.ts";
import { citizenIdType } from "../../identity-document.ts";
import { nationalRegions } from "../../regions.ts";
import { rememberingLast } from "../../remembering-last.ts";
import type { Rule } from "../../rules.ts";

const isLeaf = rememberingLast((code) => nationalRegions().isLeaf(code.slice(0, 6)));
const entity = "guardian";

/** "Other relative" and "not a relative" say too little by themselves. */
const needsNote: ReadonlySet<string> = new Set(["97", "99"]);

/** Spouses, children and the pupil: codes of the same table that no pupil's family member has. */
const impossible: ReadonlySet<string> = new Set(["01", "11", "12", "20", "27", "30", "37"]);

export const guardianRules: readonly Rule[] = [
  nameRule("GUARDIAN_NAME_BLANKS", entity, "name", i.name),
  privateUseRule("GUARDIAN_NAME_PRIVATE_USE", entity, "name", i.name),
  {
    id: "GUARDIAN_RELATIONSHIP_NOTE",
    entity,
    severity: "error",
    owner: "school",
    fields: ["relationshipNote", "relationshipCode"],
    source: "national form, items 51 and 63",
    check: (values) =>
      values[i.relationshipNote] !== null || !needsNote.has(values[i.relationshipCode] ?? ""),
  },
  {
    id: "GUARDIAN_RELATIONSHIP_KIND",
    entity,
    severity: "warning",
    owner: "school",
    fields: ["relationshipCode"],
    source: "GB/T 4761: seen from the pupil",
    check: (values) => !impossible.has(values[i.relationshipCode] ?? ""),
  },
  phoneRule("GUARDIAN_PHONE", entity, "phone", i.phone),
  ...documentRules({ entity, type: i.idDocType, number: i.idDocNo, allowsFifteen: true }),
  {
    id: "GUARDIAN_ID_TYPE_REQUIRED",
    entity,
    severity: "error",
    owner: "school",
    fields: ["idDocType", "idDocNo"],
    source: "national form, items 58 and 59: a number says nothing without its type",
    check: (values) => values[i.idDocNo] === null || values[i.idDocType] !== null,
  },
  {
    id: "GUARDIAN_ID_FIFTEEN",
    entity,
    severity: "warning",
    owner: "school",
    fields: ["idDocNo", "idDocType"],
    source: "GB 11643-1999 replaced the fifteen digits of 1989",
    check: (values) => values[i.idDocType] !== citizenIdType || values[i.idDocNo]?.length !== 15,
  },
  {
    id: "GUARDIAN_HUKOU_REQUIRED",
    entity,
    severity: "error",
    owner: "school",
    fields: ["hukouRegionCode", "idDocType", "idDocNo"],
    source: "national form, items 55 and 67: with a citizen ID",
    check: (values) =>
      values[i.hukouRegionCode] !== null ||
      values[i.idDocType] !== citizenIdType ||
      values[i.idDocNo] === null,
  },
  {
    id: "GUARDIAN_HUKOU_LEVEL",
    entity,
    severity: "warning",
    owner: "school",
    fields: ["hukouRegionCode"],
    source: "national form, items 55 and 67: down to the county",
    check: (values) => {
      const code = values[i.hukouRegionCode];
      return code === null || code === undefined || isLeaf(code);
    },
  },
];
