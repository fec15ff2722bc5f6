/** What a scrape says, as Prometheus reads it: series with their values. Only as much of the format as prom-client writes. */
export interface Scrape {
  readonly text: string;
  /** Names that have a TYPE line, with or without a value. */
  readonly declared: ReadonlySet<string>;
  /** Names of series that have a value; a histogram's by its own name. */
  readonly shown: ReadonlySet<string>;
  /** The value of the series with exactly these labels; undefined where there is none. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
  /** All series of a name, labels by value, sorted. */
  series(
    name: string,
  ): readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

export function parseScrape(text: string): Scrape {
  const declared = new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map((match) => match[1] ?? ""));
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const samples = lines.map(sampleOf);
  const series = (name: string) =>
    samples.filter((one) => one.name === name).map(({ labels, value }) => ({ labels, value }));
  return {
    text,
    declared,
    shown: new Set(samples.map(({ name }) => name.replace(/_(?:bucket|sum|count)$/, ""))),
    value: (name, labels = {}) => series(name).find((one) => keyOf(one.labels) === keyOf(labels))?.value,
    series,
  };
}

export async function scrape(url: string): Promise<Scrape> {
  const response = await fetch(url);
  if (response.status !== 200) throw new Error(`${url}: ${response.status}`);
  return parseScrape(await response.text());
}

function sampleOf(line: string) {
  const [, name = "", braced = "", value = ""] = /^([a-z0-9_]+)(\{.*\})? (\S+)$/.exec(line) ?? [];
  if (name === "") throw new Error(`no sample: ${line}`);
  const labels = [...braced.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)].map(
    (match) => [match[1] ?? "", match[2] ?? ""] as const,
  );
  return { name, labels: Object.fromEntries(labels), value: Number(value) };
}

function keyOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1)));
}
