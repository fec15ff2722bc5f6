/** The entities of the data docking, parents before children: the order of a load. */
export const entityNames = ["region", "school", "campus", "grade", "class", "student", "guardian"] as const;
export type EntityName = (typeof entityNames)[number];

/** Every value crosses our code as canonical text; null is absent. */
export type FieldValue = string | null;
