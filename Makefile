# make demo   the main job: ten phones through a core of this checkout, on this machine
# make test   everything that must hold
# make build  bin/limpid

export CGO_ENABLED ?= 0
BUILD := -trimpath -buildvcs=false -ldflags=-buildid=
ROOT  := $(if $(filter 0,$(shell id -u)),,sudo -E env "PATH=$(PATH)")

# What a fresh Debian lacks, by package name.
DEBIAN_TEST := iputils-ping nftables tshark gcc libc6-dev libusrsctp-dev iproute2 postgresql

DEBIAN_PROVE := clang-19 llvm-19 nftables iproute2 gcc libc6-dev

# Every decoder is fuzzed for FUZZTIME; internal/arch holds this list against the tree.
FUZZTIME ?= 10s
FUZZ := \
	sbi/npcf:FuzzEthFlow sbi/http2:FuzzMessage store/record:FuzzReader ledger:FuzzCheckpoint \
	wire/aper:FuzzPrimitives wire/aper:FuzzUint \
	wire/ngap:FuzzDecode wire/ngap:FuzzTransfer \
	wire/nas:FuzzUnprotect wire/nas/gmm:FuzzDecode wire/nas/gsm:FuzzDecode \
	wire/pfcp:FuzzDecode wire/gtpu:FuzzParse wire/eap:FuzzParse wire/eap:FuzzParseRaw wire/radius:FuzzParse \
	wire/sctp:FuzzPacket wire/sctp:FuzzEndpoint \
	aka/suci:FuzzDeconceal nf/udm:FuzzIdentity nf/smf:FuzzN1 nf/smf:FuzzFlowDescription \
	nf/upf/soft:FuzzPackets nf/upf:FuzzParseFlow nf/upf:FuzzParseFilter nf/upf:FuzzParseFrame nf/upf:FuzzN4 nf/upf/soft:FuzzUnpack nf/upf/xdp:FuzzFrame ran/ue:FuzzReceive \
	core/config:FuzzParse manage/subscriber:FuzzImport

.PHONY: all build release clones demo prove test unit oracle fuzz corpus lint bench bench-signalling bench-scale bench-handover bench-overload soak chaos storm bench-upf bench-upf-e2e generate spec-index compliance debian-test debian-prove clean

all: build

build:
	go build $(BUILD) -o bin/limpid ./cmd/limpid

# All that is handed over: the binary, and the eBPF objects that it carries, made again from their C sources by clang-19.
release: build
	sh nf/upf/xdp/bpf/build.sh "$(CURDIR)/bin"
	rm -f bin/bench.bpf.o bin/objects.sha256
	cd bin && sha256sum limpid limpid.bpf.o tcx.bpf.o > SHA256SUMS

demo: build
	$(ROOT) bin/limpid demo

# Two clean clones in two folders, one built as another user: the same SHA-256 of every artefact.
clones: debian-prove
	$(ROOT) sh prove/clones.sh

# Every proof against a core with phones, then planted faults that each must be caught by name; a scorecard at the end.
# VULNDB names a copy of the Go vulnerability database.
prove: debian-prove release
	$(ROOT) go run ./internal/proofs -limpid bin/limpid $(if $(VULNDB),-vulndb $(VULNDB))

test: debian-test lint unit oracle fuzz

unit: debian-test
	CGO_ENABLED=1 $(ROOT) go test -race -timeout 30m ./...

# The public Go libraries as judges of our codecs: a module of its own, so that the product does not depend on them.
oracle:
	cd oracle && go vet ./... && go test -timeout 10m ./...

# A run whose time is up while a worker is busy may end with "context deadline exceeded" and no failing input: that says
# nothing of the decoder, and the target is run again. Anything else that fails is a failure.
fuzz:
	@set -e; for target in $(FUZZ); do \
		echo "fuzz $$target $(FUZZTIME)"; \
		for try in 1 2 3; do \
			if out=$$($(ROOT) go test -run '^$$' -fuzz "^$${target##*:}\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x ./$${target%%:*} 2>&1); then \
				echo "$$out" | tail -n 3; break; fi; \
			echo "$$out" | tail -n 40; \
			echo "$$out" | grep -q 'context deadline exceeded' || exit 1; \
			if echo "$$out" | grep -q -e 'Failing input' -e 'panic' -e 'testdata/fuzz'; then exit 1; fi; \
			[ $$try -lt 3 ]; \
		done; \
	done

# What the fuzzers found worth keeping: the CORPUS smallest inputs of each target, which every go test then runs.
CORPUS ?= 48
corpus:
	@cache=$$(go env GOCACHE)/fuzz/$$(go list -m); for target in $(FUZZ); do \
		pkg=$${target%%:*} name=$${target##*:}; kept=$$pkg/testdata/fuzz/$$name; \
		[ -d $$cache/$$pkg/$$name ] || continue; mkdir -p $$kept; \
		(cd $$cache/$$pkg/$$name && ls -rS | head -n $(CORPUS)) | while read -r f; do cp $$cache/$$pkg/$$name/$$f $$kept/; done; \
	done

lint:
	@unformatted=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
		test -z "$$unformatted" || { echo "not gofmt-ed: $$unformatted"; exit 1; }
	go vet ./...
	@go generate ./wire/... && git diff --exit-code -- wire || { echo "generated code is not what its source says: run make generate"; exit 1; }

bench:
	go test -run '^$$' -bench . -benchmem ./...
	cd oracle && go test -run '^$$' -bench . -benchmem ./...

# Registrations with a session per second of core CPU, beside the floor in the same run; the core is a process of its own.
bench-signalling: build
	$(ROOT) go run ./internal/benchsignalling -limpid bin/limpid

# 30 minutes at 30 % load: memory and goroutines as a series, which must be flat. SOAK='-soak 5m' is a shorter one.
SOAK ?= -soak 30m
soak: build
	$(ROOT) go run ./internal/benchsignalling -limpid bin/limpid $(SOAK)

# Two and a half times what the core can do: how long what is admitted takes, what is refused, and whether it recovers.
bench-overload: build
	$(ROOT) go run ./internal/benchsignalling -limpid bin/limpid -overload

# User packets lost and reordered, and the interruption, across Xn and N2 handovers of 100 UEs at once.
HANDOVER ?=
bench-handover: build
	$(ROOT) go run ./internal/benchhandover -limpid bin/limpid $(HANDOVER)

# Memory, start and cost of one registration at 1 k, 10 k, 100 k and 1 M registered UEs (10 to 20 minutes, 10 GB of memory).
SCALE ?=
bench-scale: build
	$(ROOT) go run ./internal/benchscale -limpid bin/limpid $(SCALE)

# A core killed 200 times under 1,000 phones that come and go and 4 with traffic (5 to 10 minutes); what it promised them must hold,
# and no packet be lost. Then the same of two nodes over PostgreSQL with a standby: nodes and primaries are killed (5 to 10 minutes).
# Then every write of a phone goes wrong, in one core and between two nodes.
CHAOS ?=
CHAOS_SET ?= -kills 120
chaos: debian-test build
	$(ROOT) go run ./internal/chaos -limpid bin/limpid $(CHAOS)
	$(ROOT) go run ./internal/chaos -limpid bin/limpid -nodes 2 -users 0 $(CHAOS_SET)
	go test ./flows -count=1 -run EveryWrite -every-write

# Random plays at scale, others in each run (half an hour): phones and gNBs that misbehave, that move, that want what is guaranteed, and two nodes
# that die all the time. One play of each is in `make test`; what breaks in one of a hundred shows here.
STORM ?= -count 10
storm:
	go test ./flows -timeout 2h -run '^TestRandom(Mobility|Guaranteed|Nodes)?$$' -random-runs 300 -nodes-rounds 12 $(STORM)

# ns per packet of the XDP fast path beside the array floor, and the hop over veth beside a bare redirect and the kernel (minutes each).
bench-upf:
	$(ROOT) go test ./nf/upf/xdp -run '^$$' -bench UserPlane -benchtime 1x -timeout 30m

bench-upf-e2e:
	$(ROOT) go test ./nf/upf/xdp -run '^$$' -bench Hop -benchtime 1x

generate:
	go generate ./...

# docs/spec-index.md and docs/compliance.md.
spec-index compliance:
	go run ./internal/specindex

# The third-party modules and what our packages may reach, both held by go test ./internal/modules.
modules:
	mkdir -p bin
	go run ./internal/modules -allowance > bin/allowance.txt && mv bin/allowance.txt prove/allowance.txt
	go run ./internal/modules > bin/modules.md && mv bin/modules.md docs/modules.md

debian-test debian-prove:
	@missing=; for p in $(if $(filter debian-test,$@),$(DEBIAN_TEST),$(DEBIAN_PROVE)); do \
		dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then echo "installing from Debian:$$missing"; \
		$(if $(filter 0,$(shell id -u)),,sudo) sh -c "apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$missing"; fi

clean:
	rm -rf bin demo.pcapng
