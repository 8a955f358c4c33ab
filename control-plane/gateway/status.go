package gateway

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// addressAnnotation with the value "none" keeps an object without its address, for ever.
const addressAnnotation = "simulate.kubewright.dev/address"

type attachment struct {
	object  *unstructured.Unstructured
	gateway *gatewayv1.Gateway
	routes  map[gatewayv1.SectionName]int32
}

// route holds what all route types have in common.
type route struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		gatewayv1.CommonRouteSpec `json:",inline"`
		Hostnames                 []gatewayv1.Hostname `json:"hostnames"`
		Rules                     []struct {
			BackendRefs []gatewayv1.BackendObjectReference `json:"backendRefs"`
		} `json:"rules"`
	} `json:"spec"`
	Status gatewayv1.RouteStatus `json:"status"`
}

type lookup struct {
	namespaceLabels func(name string) labels.Set
	serviceExists   func(namespace, name string) bool
}

func classStatus(class *gatewayv1.GatewayClass) gatewayv1.GatewayClassStatus {
	status := *class.Status.DeepCopy()
	set(&status.Conditions, class.Generation, "Accepted", true, "Accepted", "Served by the local control plane")
	return status
}

func gatewayStatus(attached *attachment) gatewayv1.GatewayStatus {
	gateway := attached.gateway
	status := *gateway.Status.DeepCopy()
	set(&status.Conditions, gateway.Generation, "Accepted", true, "Accepted", "Accepted by the local control plane")
	if gateway.Annotations[addressAnnotation] == "none" {
		status.Addresses = nil
		set(&status.Conditions, gateway.Generation, "Programmed", false, "AddressNotAssigned", "No address: "+addressAnnotation+" is none")
	} else {
		kind := gatewayv1.IPAddressType
		status.Addresses = []gatewayv1.GatewayStatusAddress{{Type: &kind, Value: "127.0.0.1"}}
		set(&status.Conditions, gateway.Generation, "Programmed", true, "Programmed", "Address assigned")
	}
	status.Listeners = nil
	for _, listener := range gateway.Spec.Listeners {
		status.Listeners = append(status.Listeners, listenerStatus(attached, listener))
	}
	return status
}

func listenerStatus(attached *attachment, listener gatewayv1.Listener) gatewayv1.ListenerStatus {
	status := gatewayv1.ListenerStatus{Name: listener.Name}
	for _, old := range attached.gateway.Status.Listeners {
		if old.Name == listener.Name {
			status.Conditions = slices.Clone(old.Conditions)
		}
	}
	group := gatewayv1.Group(gatewayv1.GroupName)
	for _, routeType := range routeTypes {
		if slices.Contains(routeType.protocols, listener.Protocol) {
			kind := gatewayv1.RouteGroupKind{Group: &group, Kind: gatewayv1.Kind(routeType.kind)}
			status.SupportedKinds = append(status.SupportedKinds, kind)
		}
	}
	status.AttachedRoutes = attached.routes[listener.Name]
	generation := attached.gateway.Generation
	set(&status.Conditions, generation, "Accepted", true, "Accepted", "Listener is accepted")
	set(&status.Conditions, generation, "Programmed", true, "Programmed", "Listener is programmed")
	set(&status.Conditions, generation, "ResolvedRefs", true, "ResolvedRefs", "References are taken as they are")
	set(&status.Conditions, generation, "Conflicted", false, "NoConflicts", "No conflicts")
	return status
}

func routeStatus(r *route, routeType routeType, ours map[string]*attachment, find lookup) gatewayv1.RouteStatus {
	status := gatewayv1.RouteStatus{}
	if r.Status.Parents != nil {
		// A list that gets empty must be written as one; a route that never was ours stays untouched.
		status.Parents = []gatewayv1.RouteParentStatus{}
	}
	for _, parent := range r.Status.Parents {
		if parent.ControllerName != ControllerName {
			status.Parents = append(status.Parents, parent)
		}
	}
	for _, ref := range r.Spec.ParentRefs {
		attached := ours[parentKey(ref, r.Namespace)]
		if attached == nil {
			continue
		}
		parent := gatewayv1.RouteParentStatus{ParentRef: ref, ControllerName: ControllerName}
		for _, old := range r.Status.Parents {
			if old.ControllerName == ControllerName && reflect.DeepEqual(old.ParentRef, ref) {
				parent.Conditions = slices.Clone(old.Conditions)
			}
		}
		reason, message := attach(r, routeType, ref, attached, find)
		set(&parent.Conditions, r.Generation, "Accepted", reason == "Accepted", reason, message)
		reason, message = resolve(r, find)
		set(&parent.Conditions, r.Generation, "ResolvedRefs", reason == "ResolvedRefs", reason, message)
		status.Parents = append(status.Parents, parent)
	}
	return status
}

// parentKey is the Gateway that the reference names, or "" for another kind of parent.
func parentKey(ref gatewayv1.ParentReference, namespace string) string {
	if (ref.Kind != nil && *ref.Kind != "Gateway") || (ref.Group != nil && *ref.Group != gatewayv1.GroupName) {
		return ""
	}
	if ref.Namespace != nil {
		namespace = string(*ref.Namespace)
	}
	return namespace + "/" + string(ref.Name)
}

// attach counts the route at the listeners that take it, and says why when none does.
func attach(r *route, routeType routeType, ref gatewayv1.ParentReference, attached *attachment, find lookup) (reason, message string) {
	reason, message = "NoMatchingParent", "No listener of the Gateway has this name, port and protocol"
	accepted := false
	for _, listener := range attached.gateway.Spec.Listeners {
		if (ref.SectionName != nil && *ref.SectionName != listener.Name) || (ref.Port != nil && *ref.Port != listener.Port) {
			continue
		}
		if !slices.Contains(routeType.protocols, listener.Protocol) {
			continue
		}
		if !allows(listener, routeType, attached.gateway.Namespace, r.Namespace, find) {
			reason, message = "NotAllowedByListeners", fmt.Sprintf("Listener %s does not allow this kind of route from namespace %s", listener.Name, r.Namespace)
			continue
		}
		if !hostnamesMeet(listener.Hostname, r.Spec.Hostnames) {
			reason, message = "NoMatchingListenerHostname", fmt.Sprintf("No hostname of the route fits listener %s", listener.Name)
			continue
		}
		accepted = true
		attached.routes[listener.Name]++
	}
	if accepted {
		return "Accepted", "Route is accepted"
	}
	return reason, message
}

func allows(listener gatewayv1.Listener, routeType routeType, gatewayNamespace, namespace string, find lookup) bool {
	allowed := listener.AllowedRoutes
	if allowed == nil {
		return gatewayNamespace == namespace
	}
	fits := func(kind gatewayv1.RouteGroupKind) bool { return string(kind.Kind) == routeType.kind }
	if len(allowed.Kinds) > 0 && !slices.ContainsFunc(allowed.Kinds, fits) {
		return false
	}
	from := gatewayv1.NamespacesFromSame
	if allowed.Namespaces != nil && allowed.Namespaces.From != nil {
		from = *allowed.Namespaces.From
	}
	switch from {
	case gatewayv1.NamespacesFromAll:
		return true
	case gatewayv1.NamespacesFromSelector:
		selector, err := metav1.LabelSelectorAsSelector(allowed.Namespaces.Selector)
		return err == nil && selector.Matches(find.namespaceLabels(namespace))
	case gatewayv1.NamespacesFromSame:
		return gatewayNamespace == namespace
	default:
		return false
	}
}

func hostnamesMeet(listener *gatewayv1.Hostname, hostnames []gatewayv1.Hostname) bool {
	if listener == nil || *listener == "" || len(hostnames) == 0 {
		return true
	}
	return slices.ContainsFunc(hostnames, func(hostname gatewayv1.Hostname) bool {
		return *listener == hostname || covers(string(*listener), string(hostname)) || covers(string(hostname), string(*listener))
	})
}

func covers(wildcard, hostname string) bool {
	suffix, isWildcard := strings.CutPrefix(wildcard, "*")
	return isWildcard && strings.HasSuffix(hostname, suffix)
}

// resolve looks at Services only: other backends belong to controllers that may not run here.
func resolve(r *route, find lookup) (reason, message string) {
	for index, rule := range r.Spec.Rules {
		for _, backend := range rule.BackendRefs {
			if (backend.Kind != nil && *backend.Kind != "Service") || (backend.Group != nil && *backend.Group != "") {
				continue
			}
			namespace := r.Namespace
			if backend.Namespace != nil {
				namespace = string(*backend.Namespace)
			}
			if !find.serviceExists(namespace, string(backend.Name)) {
				return "BackendNotFound", fmt.Sprintf("Rule %d: service %s/%s not found", index, namespace, backend.Name)
			}
		}
	}
	return "ResolvedRefs", "All references are resolved"
}

func set(conditions *[]metav1.Condition, generation int64, kind string, holds bool, reason, message string) {
	status := metav1.ConditionFalse
	if holds {
		status = metav1.ConditionTrue
	}
	condition := metav1.Condition{Type: kind, Status: status, Reason: reason, Message: message, ObservedGeneration: generation}
	meta.SetStatusCondition(conditions, condition)
}

// write updates the status when it differs; a conflict means that the object has changed and is looked at again.
func (c controller) write(ctx context.Context, resource schema.GroupVersionResource, object *unstructured.Unstructured, current, desired any) error {
	if reflect.DeepEqual(current, desired) {
		return nil
	}
	status, err := runtime.DefaultUnstructuredConverter.ToUnstructured(pointer(desired))
	if err != nil {
		return err
	}
	updated := object.DeepCopy()
	updated.Object["status"] = status
	_, err = c.client.Resource(resource).Namespace(object.GetNamespace()).UpdateStatus(ctx, updated, metav1.UpdateOptions{FieldManager: string(ControllerName)})
	return err
}

func pointer(value any) any {
	target := reflect.New(reflect.TypeOf(value))
	target.Elem().Set(reflect.ValueOf(value))
	return target.Interface()
}
