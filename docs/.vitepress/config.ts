import { relative } from "node:path";
import { defineConfig } from "vitepress";
import { excluded, rewrites, root } from "./pages.js";
import { copyLinkedFiles, linkedFile, repositoryLinks } from "./repository-links.js";
import { sidebar } from "./sidebar.js";
import { slug } from "./slug.js";

export default defineConfig({
  title: "Rollcall",
  description:
    "The gRPC microservice framework for TypeScript in which a deploy never drops a call, and proves it.",
  lang: "en",
  srcDir: "..",
  srcExclude: [...excluded],
  rewrites: { ...rewrites },
  cleanUrls: true,
  markdown: { config: repositoryLinks, anchor: { slugify: slug } },
  buildEnd({ outDir }) {
    copyLinkedFiles(outDir);
    console.log(`the site is in ${relative(process.cwd(), outDir)}`);
  },
  themeConfig: {
    nav: [
      { text: "Tutorial", link: "/tutorial" },
      { text: "Guides", link: "/guides/contracts", activeMatch: "^/guides/" },
      { text: "API", link: "/api/", activeMatch: "^/api/" },
      { text: "Fault matrix", link: "/fault-matrix" },
      { text: "Changelog", link: "/changelog" },
    ],
    sidebar: sidebar(),
    outline: { level: [2, 3] },
    search: { provider: "local" },
    docFooter: { prev: false, next: false },
  },
  vite: {
    // Its own cache, not one at the root of the repository.
    cacheDir: `${root}/docs/.vitepress/cache`,
    // The index of the search, which is loaded when somebody searches.
    build: { chunkSizeWarningLimit: 2_000 },
    plugins: [
      {
        name: "linked-files",
        configureServer({ middlewares }) {
          middlewares.use((request, response, next) => {
            const text = linkedFile(request.url ?? "");
            if (!text) return next();
            response.setHeader("content-type", "text/plain; charset=utf-8").end(text);
          });
        },
      },
    ],
  },
});
