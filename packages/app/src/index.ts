export { createApp, type App, type AppOptions } from "./app.js";
export { createClient, type CreateClientOptions } from "./create-client.js";
export { openRegistry } from "./registry-url.js";
export type { ServiceType } from "./container.js";
export { type ProtectionOptions, type ProtectionSettings } from "./protection.js";
export { readSettings, type Settings, type SettingsInput } from "./settings.js";
export { inject, injectable, postConstruct, preDestroy, type Container } from "inversify";
export { memoryRegistry, staticRegistry } from "@rollcall/registry";
export * from "@rollcall/core";
