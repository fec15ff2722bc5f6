import type { EntityName } from "./entity.ts";
import type { Rule } from "./rules.ts";

/** A mobile number; a land line with or without its area code and extension; a number abroad with `+`. */
const phone = /^(?:1\d{10}|(?:0\d{2,3}-?)?[2-9]\d{6,7}(?:-\d{1,6})?|\+\d[\d -]{5,18})$/;

/** `field` holds a phone number that somebody could dial. `at` is its index. */
export function phoneRule(id: string, entity: EntityName, field: string, at: number): Rule {
  return {
    id,
    entity,
    severity: "error",
    owner: "school",
    fields: [field],
    source: "national form, item 31; YD/T numbering plan",
    check: (values) => {
      const value = values[at];
      return value === null || value === undefined || phone.test(value);
    },
  };
}

export function emailRule(id: string, entity: EntityName, field: string, at: number): Rule {
  return {
    id,
    entity,
    severity: "warning",
    owner: "school",
    fields: [field],
    source: "design",
    check: (values) => {
      const value = values[at];
      return value === null || value === undefined || /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value);
    },
  };
}

/** Names as they are registered: Chinese ones have no blanks, no name begins or ends with one. */
export function nameRule(id: string, entity: EntityName, field: string, at: number): Rule {
  return {
    id,
    entity,
    severity: "error",
    owner: "school",
    fields: [field],
    source: "national form, item 1",
    check: (values) => {
      const value = values[at];
      if (value === null || value === undefined || !/\s/.test(value)) return true;
      return value.trim() === value && !/\p{Script=Han}/u.test(value);
    },
  };
}

/** The private area of the first plane, and halves of pairs: without one of them there is nothing to look at closely. */
const maybePrivate = /[\ud800-\uf8ff]/;

/** Characters of a private area are drawn differently, or not at all, on every other machine. */
export function privateUseRule(id: string, entity: EntityName, field: string, at: number): Rule {
  return {
    id,
    entity,
    severity: "warning",
    owner: "school",
    fields: [field],
    source: "GB 18030",
    check: (values) => {
      const value = values[at];
      if (value === null || value === undefined || !maybePrivate.test(value)) return true;
      return !/\p{Co}/u.test(value);
    },
  };
}
