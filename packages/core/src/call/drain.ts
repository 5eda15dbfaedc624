/** The trailer by which a Rollcall server says that it ended a call because it drains. */
export const drainTrailer = "rollcall-drain";
