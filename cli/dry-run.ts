export async function dryRunCommand(...args: unknown[]): Promise<0> { void args; return 0; }
