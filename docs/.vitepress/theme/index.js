import theme from "vitepress/theme";
import "./layout.css";

export default theme;
