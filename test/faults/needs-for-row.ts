/** Ends the name of the test that stands for a row that this machine cannot run. */
export const needsForRow = "[row of the fault matrix not run]";
