// The reply to Claude Code's hook before a tool that refuses the tool; the model is told why.
// Source: Claude Code's hooks reference.

export const refusedTool = (permissionDecisionReason: string) => ({
  hookSpecificOutput: {
    hookEventName: 'PreToolUse',
    permissionDecision: 'deny',
    permissionDecisionReason,
  },
})
