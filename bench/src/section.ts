import { markdownTable, screenTable, type Figures } from "./table.js";

/** A part of the page of results: what was measured and how, and the figures. */
export interface Section {
  readonly title: string;
  readonly text: string;
  readonly figures: Figures;
}

/** For a terminal. */
export const sectionText = ({ title, figures }: Section): string => `\n${title}\n${screenTable(figures)}`;

/** For a page. */
export const sectionParts = ({ title, text, figures }: Section): readonly string[] => [
  `## ${title}`,
  text,
  markdownTable(figures),
];
