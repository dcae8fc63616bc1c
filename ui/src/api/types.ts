import type { components } from "./schema";

type Schemas = components["schemas"];

/** The records of the API by the names that people use; their shapes are generated. */
export type Agent = Schemas["AgentRecord"];
export type AgentEvent = Schemas["AgentEventRecord"];
export type AgentConfig = Schemas["AgentConfig"];
export type AgentStatus = Agent["status"];
export type AgentSummary = Schemas["AgentSummary"];
export type AuthStatus = Schemas["AuthStatus"];
export type Alias = Schemas["AliasRecord"];
export type Config = Schemas["ConfigRecord"];
export type ConfigSaved = Schemas["ConfigSaved"];
export type ConfigSummary = Schemas["ConfigSummary"];
export type ConfigVariables = Schemas["VariablesRecord"];
export type ConfigVersion = Schemas["VersionSummary"];
export type Constant = Schemas["ConstantSummary"];
export type EndpointAuth = Schemas["EndpointAuth"];
export type Group = Schemas["GroupRecord"];
export type GroupSummary = Schemas["GroupSummary"];
export type GroupProblem = Schemas["GroupProblemRecord"];
export type Invite = Schemas["InviteRecord"];
export type InviteCreated = Schemas["InviteCreated"];
export type Label = Schemas["LabelRecord"];
export type LabelTag = Schemas["LabelTag"];
export type LogEntry = Schemas["LogEntry"];
export type Me = Schemas["Me"];
export type PasswordResetCreated = Schemas["PasswordResetCreated"];
export type PermissionTable = Schemas["PermissionTable"];
export type Problem = Schemas["ProblemRecord"];
export type Session = Schemas["SessionRecord"];
export type ReportingRule = Schemas["RuleRecord"];
export type Settings = Schemas["SettingsRecord"];
export type SettingsPatch = Schemas["SettingsPatch"];
export type StatisticsPoint = Schemas["StatisticsPoint"];
export type Token = Schemas["TokenRecord"];
export type TokenCreate = Schemas["TokenCreate"];
export type TokenCreated = Schemas["TokenCreated"];
export type User = Schemas["UserRecord"];

export type BulkAnswer = Schemas["BulkAnswer"];
export type Page<T> = { items: T[]; total: number; page: number; limit: number };
export type PasswordComplexity = Schemas["LoginSecurity"]["passwordComplexity"];
