// The tools of Claude Code that change files, and the shell: those that guards are about.

export const guardedTools = ['Bash', 'Edit', 'MultiEdit', 'NotebookEdit', 'Write'] as const

export const isGuardedTool = (tool: string): boolean => guardedTools.some((each) => each === tool)
