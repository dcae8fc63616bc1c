import {
  ActionIcon,
  Badge,
  Button,
  Checkbox,
  createTheme,
  type CSSVariablesResolver,
  defaultVariantColorsResolver,
  type MantineColorsTuple,
  Menu,
  Modal,
  Paper,
  Popover,
  Radio,
  Skeleton,
  Table,
  Tooltip,
} from "@mantine/core";

const teal: MantineColorsTuple = [
  "#e8f6f3", "#cfebe5", "#a4d9cf", "#74cabb", "#4cc9b8", "#2ba595", "#14887a", "#0b6e63", "#08584f", "#05423b",
];

const gray: MantineColorsTuple = [
  "#f7f9f8", "#eff2f1", "#e4e9e7", "#d5dcda", "#bcc5c3", "#98a3a1", "#75807f", "#5e6a69", "#3a4443", "#1d2423",
];

const dark: MantineColorsTuple = [
  "#dfe5e4", "#b9c2c0", "#93a09e", "#6a7674", "#333c3b", "#283030", "#1e2525", "#151a1a", "#0f1313", "#090c0c",
];

const sans = '"Inter Variable", "Inter Fallback", system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

/** The look of everything: neutral greys, one accent, a grid of 8 px. Text is 14 px, headings differ by weight first. */
export const theme = createTheme({
  colors: { teal, gray, dark },
  primaryColor: "teal",
  primaryShade: { light: 7, dark: 4 },
  variantColorResolver: (input) => {
    const resolved = defaultVariantColorsResolver(input);
    // Mantine would take the light scheme's contrast in both.
    const onAccent = input.variant === "filled" && (input.color === undefined || input.color === "teal");
    return onAccent ? { ...resolved, color: "var(--tc-on-accent)" } : resolved;
  },
  black: "#1d2423",
  fontFamily: sans,
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace',
  headings: {
    fontFamily: sans,
    fontWeight: "620",
    textWrap: "balance",
    sizes: {
      h1: { fontSize: "1.375rem", lineHeight: "1.3" },
      h2: { fontSize: "1rem", lineHeight: "1.4" },
      h3: { fontSize: "0.875rem", lineHeight: "1.4" },
    },
  },
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.125rem" },
  spacing: { xs: "0.5rem", sm: "0.75rem", md: "1rem", lg: "1.5rem", xl: "2rem" },
  radius: { xs: "3px", sm: "5px", md: "7px", lg: "10px", xl: "16px" },
  defaultRadius: "sm",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: "subtle", color: "gray" } }),
    Badge: Badge.extend({ defaultProps: { variant: "light", radius: "sm", size: "md", tt: "none", fw: 550 } }),
    Button: Button.extend({ defaultProps: { size: "sm", fw: 550 } }),
    Checkbox: Checkbox.extend({ defaultProps: { size: "xs", radius: "xs", iconColor: "var(--tc-on-accent)" } }),
    Menu: Menu.extend({
      defaultProps: {
        shadow: "md",
        position: "bottom-end",
        transitionProps: { duration: 80 },
        // The placeholder is no item of the menu, which assistive technology would expect it to be.
        withInitialFocusPlaceholder: false,
      },
    }),
    Modal: Modal.extend({
      defaultProps: {
        centered: true,
        overlayProps: { backgroundOpacity: 0.45 },
        transitionProps: { duration: 100, transition: "fade" },
        closeButtonProps: { "aria-label": "Close" },
      },
    }),
    Paper: Paper.extend({ defaultProps: { withBorder: true, radius: "md" } }),
    Popover: Popover.extend({ defaultProps: { shadow: "md", transitionProps: { duration: 80 } } }),
    Radio: Radio.extend({ defaultProps: { iconColor: "var(--tc-on-accent)" } }),
    Skeleton: Skeleton.extend({ defaultProps: { radius: "sm" } }),
    Table: Table.extend({ defaultProps: { verticalSpacing: 7, horizontalSpacing: "sm" } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 300, transitionProps: { duration: 80 }, withArrow: true } }),
  },
});

/** Colours that Mantine has no name for, and greys darker than its own where its own miss AA contrast. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": gray[7],
    "--mantine-color-placeholder": "#6a7574",
    "--mantine-color-error": "#b42323",
    "--mantine-color-default-border": gray[3],
    "--tc-line": gray[2],
    "--tc-sidebar": gray[0],
    "--tc-raised": "#ffffff",
    "--tc-sunken": gray[0],
    "--tc-accent-text": teal[7],
    "--tc-on-accent": "#ffffff",
    "--tc-code-comment": gray[7],
    "--tc-code-string": "#8a4b08",
    "--tc-code-number": "#6941a5",
    "--tc-code-key": "#1f5f8b",
    "--tc-code-table": "#0b6e63",
    "--tc-code-line": "#0b6e630d",
    "--tc-code-selection": "#0b6e6333",
    "--tc-ok": "#17703f", "--tc-ok-tint": "#e3f4ea", "--tc-ok-fill": "#2f9e63",
    "--tc-warn": "#8a5a00", "--tc-warn-tint": "#fdf1d7", "--tc-warn-fill": "#e0a100",
    "--tc-fail": "#b42323", "--tc-fail-tint": "#fce9e9", "--tc-fail-fill": "#d64545",
    "--tc-info": "#4257a5", "--tc-info-tint": "#ecf0fb", "--tc-info-fill": "#6c82d6",
    "--tc-silent": "#55605f", "--tc-silent-tint": "#e9eeec", "--tc-silent-fill": "#98a3a1",
  },
  dark: {
    "--mantine-color-dimmed": dark[2],
    "--mantine-color-placeholder": "#849190",
    "--mantine-color-error": "#ff8a80",
    "--mantine-color-default-border": dark[4],
    "--tc-line": dark[5],
    "--tc-sidebar": dark[8],
    "--tc-raised": "#1a2020",
    "--tc-sunken": dark[8],
    "--tc-accent-text": teal[4],
    "--tc-on-accent": "#0a1413",
    "--tc-code-comment": dark[2],
    "--tc-code-string": "#e5b887",
    "--tc-code-number": "#c4a7f0",
    "--tc-code-key": "#8cc4ea",
    "--tc-code-table": "#4cc9b8",
    "--tc-code-line": "#4cc9b80d",
    "--tc-code-selection": "#4cc9b840",
    "--tc-ok": "#5fd39a", "--tc-ok-tint": "#14302280", "--tc-ok-fill": "#3fae76",
    "--tc-warn": "#f0b849", "--tc-warn-tint": "#3a2c0c80", "--tc-warn-fill": "#d49a24",
    "--tc-fail": "#ff8a80", "--tc-fail-tint": "#431c1c80", "--tc-fail-fill": "#e05d55",
    "--tc-info": "#9fb2f5", "--tc-info-tint": "#20294680", "--tc-info-fill": "#7087dd",
    "--tc-silent": "#a8b0b0", "--tc-silent-tint": "#2a313080", "--tc-silent-fill": "#6a7674",
  },
});
