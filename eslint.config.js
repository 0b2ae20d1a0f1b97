import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const unusedVars = ['error', { args: 'none', varsIgnorePattern: '^_' }];

export default defineConfig(
  {
    ignores: [
      'dist/**',
      'dist-bench/**',
      'build/**',
      'coverage/**',
      'docs/**',
      'assembly/generated/**',
      'src/wasm/generated/**',
      'src/vendor/*.js',
    ],
  },
  {
    files: ['src/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: { '@typescript-eslint/no-unused-vars': unusedVars },
  },
  {
    files: ['assembly/**/*.ts'],
    extends: [tseslint.configs.recommended],
    languageOptions: { parserOptions: { allowInvalidAST: true } },
    rules: {
      // AssemblyScript is not JavaScript: == compares numbers and pointers, and is the usual one.
      'prefer-const': 'off',
      eqeqeq: 'off',
      '@typescript-eslint/no-unused-vars': unusedVars,
    },
  },
  {
    files: ['**/*.mjs', '*.js'],
    extends: [tseslint.configs.recommended],
    rules: { '@typescript-eslint/no-unused-vars': unusedVars },
  },
);
