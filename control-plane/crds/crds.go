//go:build tools

// Package crds keeps modules in go.mod that are read for their CRDs, not compiled.
package crds

import (
	_ "github.com/kubernetes-sigs/kro/api/v1alpha1"
	_ "sigs.k8s.io/gateway-api/apis/v1"
)
