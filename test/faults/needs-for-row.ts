/** Stands in the name of a test for a row that this machine cannot run. */
export const needsForRow = "[row of the fault matrix not run]";
