import { Link } from "../gen/rollcall/link/v1/link.js";

/** The version of `rollcall.link.v1` spoken here; sent in every hello. */
export const linkVersion = 1;

/** What an instance's record says in `features` when its server has a link. */
export const linkFeature = "link";

/** The path of the link's only method: what limits and recorders of calls leave out, since a link is nobody's call. */
export const linkPath: string = Link.methods.open.path;
