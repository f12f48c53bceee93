# 常用命令。需要 Python 3.11；不在 PATH 里时：make run PYTHON=/路径/python3.11
IS_311 := -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'
PYTHON ?= $(shell for p in python3.11 python3 python; do $$p $(IS_311) 2>/dev/null && { echo $$p; break; }; done)
BIN := $(or $(DUBAN_VENV),.venv)/bin
DUBAN_TEST_DB ?= auto
export DUBAN_TEST_DB

.PHONY: help run test lint types accuracy bench wheelhouse messages python dev

help:
	@echo 'make run          启动试用环境（PORT=8000 DUBAN_HOME=. 可改），Ctrl-C 停止'
	@echo 'make test         运行全部测试'
	@echo 'make lint types   代码格式、分层与类型检查'
	@echo 'make accuracy     解析准确率；make bench 速度'
	@echo 'make wheelhouse   收集离线安装包到 wheelhouse/'
	@echo 'make messages     更新并编译英文译文（需要 gettext）'

python:
	@'$(PYTHON)' $(IS_311) 2>/dev/null || { echo '需要 Python 3.11，这里没有找到：请先安装，或指明位置，例如 make run PYTHON=/路径/python3.11。' >&2; exit 1; }

dev: python
	@$(PYTHON) deploy/bootstrap.py requirements-dev.txt

run: python
	@$(PYTHON) deploy/run.py

# One worker a core.
PYTEST_ARGS ?= -n auto
test: dev
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: dev
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m ruff check
	$(BIN)/lint-imports

types: dev
	$(BIN)/python -m mypy .

accuracy: dev
	$(BIN)/python bench/accuracy.py

bench: dev
	$(BIN)/python bench/parser_speed.py

wheelhouse: python
	@$(PYTHON) deploy/bootstrap.py --wheelhouse

messages: dev
	$(BIN)/python manage.py makemessages --locale en --no-location --no-wrap --ignore .venv --ignore var --ignore tests --ignore bench
	$(BIN)/python manage.py compilemessages --locale en --ignore .venv
