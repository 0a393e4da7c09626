/** Exit codes: a contract with scripts. */
export const exitCodes = { done: 0, fault: 1, usage: 2, cannot: 3 } as const
