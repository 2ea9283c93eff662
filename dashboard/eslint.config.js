import js from "@eslint/js";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

const words = "/[A-Za-z]{2,}/";

export default tseslint.config(
  { ignores: ["dist", "node_modules", "src/api/schema.d.ts"] },
  js.configs.recommended,
  {
    files: ["src/**/*.{ts,tsx}"],
    extends: [tseslint.configs.strictTypeChecked, jsxA11y.flatConfigs.strict, reactHooks.configs.flat.recommended],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
      // Pictures of cameras have no speech to caption.
      "jsx-a11y/media-has-caption": "off",
      "no-restricted-syntax": [
        "error",
        { selector: `JSXText[value=${words}]`, message: "Words belong into src/messages." },
        {
          selector: `JSXAttribute[name.name=/^(aria-label|title|placeholder|alt|label)$/] > Literal[value=${words}]`,
          message: "Words belong into src/messages.",
        },
        {
          selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']",
          message: "Names from the API are hostile text: render them as text.",
        },
      ],
    },
  },
  {
    files: ["scripts/**/*.mjs", "e2e/**/*.mjs"],
    languageOptions: { globals: { process: "readonly", console: "readonly", URL: "readonly", fetch: "readonly", setTimeout: "readonly", document: "readonly", window: "readonly", Event: "readonly", MutationObserver: "readonly", performance: "readonly" } },
  },
);
