import { readFileSync, writeFileSync } from "node:fs";

/** What V8 writes: a tree of calls, and which of its nodes was running at each sample. */
interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
}

export interface Flame {
  readonly name: string;
  micros: number;
  readonly children: Map<string, Flame>;
}

const idle: ReadonlySet<string> = new Set(["(idle)"]);

/** Calls of one name under one caller become one flame; waiting is left out. */
export function flamesOf(profile: CpuProfile): Flame {
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  const parentOf = new Map(
    profile.nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id])),
  );
  const root: Flame = { name: "all", micros: 0, children: new Map() };
  for (const [at, id] of profile.samples.entries()) {
    const stack = stackOf(id, byId, parentOf);
    if (stack.some((name) => idle.has(name))) continue;
    addStack(root, stack, profile.timeDeltas[at] ?? 0);
  }
  return root;
}

function stackOf(
  id: number,
  byId: ReadonlyMap<number, ProfileNode>,
  parentOf: ReadonlyMap<number, number>,
): string[] {
  const stack: string[] = [];
  for (let at: number | undefined = id; at !== undefined; at = parentOf.get(at)) {
    const node = byId.get(at);
    if (node !== undefined && node.callFrame.functionName !== "(root)") stack.unshift(nameOf(node));
  }
  return stack;
}

/** `land exchange-db/landing.ts`; of packages their name alone. */
function nameOf({ callFrame: { functionName, url } }: ProfileNode): string {
  const place =
    /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ??
    /([^/]+\/[^/]+\.m?ts)$/.exec(url)?.[1] ??
    url.replace(/^node:/, "");
  return [functionName === "" ? "…" : functionName, place].filter((part) => part !== "").join(" ");
}

function addStack(root: Flame, stack: readonly string[], micros: number): void {
  root.micros += micros;
  let at = root;
  for (const name of stack) {
    const child = at.children.get(name) ?? { name, micros: 0, children: new Map() };
    at.children.set(name, child);
    child.micros += micros;
    at = child;
  }
}

const width = 1200;
const rowHeight = 15;
/** Narrower flames are left out. */
const widthMin = 3;
const letterWidth = 5.6;

/** A picture that needs nothing but a viewer of SVG: the wider a flame, the more CPU; callers below, callees above. */
export function flameGraph(root: Flame, title: string): string {
  const rects: string[] = [];
  const scale = width / root.micros;
  let depthMax = 0;
  const draw = (flame: Flame, left: number, depth: number): void => {
    const wide = flame.micros * scale;
    if (wide < widthMin) return;
    depthMax = Math.max(depthMax, depth);
    rects.push(rect(flame, { left, wide, depth, share: flame.micros / root.micros }));
    let from = left;
    for (const child of [...flame.children.values()].toSorted((one, other) => other.micros - one.micros)) {
      draw(child, from, depth + 1);
      from += child.micros * scale;
    }
  };
  draw(root, 0, 0);
  const height = (depthMax + 1) * rowHeight + 24;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="monospace" font-size="9.5">`,
    `<rect width="${width}" height="${height}" fill="#fff"/><text x="4" y="14" font-size="12">${escaped(title)}</text>`,
    `<g transform="translate(0 ${height}) scale(1 1)">`,
    ...rects,
    "</g></svg>",
  ].join("\n");
}

function rect(
  { name }: Flame,
  {
    depth,
    left,
    share,
    wide,
  }: { readonly left: number; readonly wide: number; readonly depth: number; readonly share: number },
): string {
  const y = -(depth + 1) * rowHeight;
  const label = name.slice(0, Math.max(0, Math.floor((wide - 4) / letterWidth)));
  const text =
    label.length < 3 ? "" : `<text x="${(left + 2).toFixed(1)}" y="${y + 11}">${escaped(label)}</text>`;
  return `<g><title>${escaped(name)} ${(share * 100).toFixed(1)} %</title><rect x="${left.toFixed(1)}" y="${y}" width="${wide.toFixed(1)}" height="${rowHeight - 1}" fill="${colour(name)}"/>${text}</g>`;
}

/** By where the code stands: ours, the garbage collector, everything else. */
function colour(name: string): string {
  if (name.includes("garbage collector")) return "#c9a0dc";
  return /[a-z-]+\/[a-z-]+\.m?ts$/.test(name) ? "#f4a261" : "#e9d8a6";
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function isProfile(value: unknown): value is CpuProfile {
  return (
    typeof value === "object" &&
    value !== null &&
    "nodes" in value &&
    "samples" in value &&
    "timeDeltas" in value
  );
}

/** `tsx bench/flame-graph.ts <profile> <picture> <title>` */
export function drawFile(profileFile: string, pictureFile: string, title: string): void {
  const profile: unknown = JSON.parse(readFileSync(profileFile, "utf8"));
  if (!isProfile(profile)) throw new TypeError(`${profileFile} is no CPU profile`);
  writeFileSync(pictureFile, `${flameGraph(flamesOf(profile), title)}\n`);
}

if (process.argv[1] === import.meta.filename) {
  const [profileFile = "", pictureFile = "", ...title] = process.argv.slice(2);
  drawFile(profileFile, pictureFile, title.join(" "));
}
