import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The node that `npm run dev` talks to.
const node = process.env.EYRIE_NODE ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), tailwindcss()],
  build: {
    outDir: "dist",
    // The content security policy knows no data: scripts or styles; every asset is a file of its own.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // hls.js is one file of that size; it loads only on the pages that play.
    chunkSizeWarningLimit: 700,
  },
  server: {
    proxy: {
      "/api": { target: node, ws: true },
      "/media": node,
      "/docs": node,
    },
  },
});
